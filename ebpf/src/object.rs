//! Reading the kernel's objects. Offsets come from the running kernel's BTF by way of user space.
//! Must not know what the objects are.

use aya_ebpf::helpers::bpf_probe_read_kernel;
use core::ptr::read_volatile;

/// The address of one of the kernel's objects.
pub(crate) trait Object: Copy {
    /// An object at this address.
    fn at(address: *const u8) -> Self;

    /// Where it lies.
    fn address(self) -> *const u8;

    /// The field at `offset`, of the size that `T` has.
    fn read<T: Copy + Default>(self, offset: u64) -> T;

    /// The object that the pointer at `offset` leads to.
    #[inline(always)]
    fn follow(self, offset: u64) -> Self {
        Self::at(self.read::<u64>(offset) as *const u8)
    }

    /// The 8 bytes at an offset that the verifier can't know, through the helper; 0 if that can't be
    /// read.
    #[inline(always)]
    fn probe_u64(self, offset: u64) -> u64 {
        Raw(self.address()).read(offset)
    }
}

/// A pointer whose type the verifier knows: plain loads. Through a null pointer they read 0.
#[derive(Clone, Copy)]
pub(crate) struct Typed(pub(crate) *const u8);

impl Object for Typed {
    #[inline(always)]
    fn at(address: *const u8) -> Self {
        Self(address)
    }

    #[inline(always)]
    fn address(self) -> *const u8 {
        self.0
    }

    #[inline(always)]
    fn read<T: Copy + Default>(self, offset: u64) -> T {
        // SAFETY: the verifier checks that a field of this size lies there.
        unsafe { read_volatile(self.0.wrapping_add(offset as usize).cast()) }
    }
}

/// An address: every read is a call of a helper, which checks it; what can't be read is 0.
#[derive(Clone, Copy)]
pub(crate) struct Raw(pub(crate) *const u8);

impl Object for Raw {
    #[inline(always)]
    fn at(address: *const u8) -> Self {
        Self(address)
    }

    #[inline(always)]
    fn address(self) -> *const u8 {
        self.0
    }

    #[inline(always)]
    fn read<T: Copy + Default>(self, offset: u64) -> T {
        let address = self.0.wrapping_add(offset as usize);
        // SAFETY: the helper checks the address.
        unsafe { bpf_probe_read_kernel(address.cast()) }.unwrap_or_default()
    }
}
