//! Reading the kernel's objects. Offsets come from the running kernel's BTF by way of user space.
//! Must not know what the objects are.

use aya_ebpf::helpers::bpf_probe_read_kernel;
use core::ptr::read_volatile;

/// The address of one of the kernel's objects.
pub(crate) trait Object: Copy {
    /// The byte at `offset`.
    fn read_u8(self, offset: u32) -> u8;
    /// The 4 bytes at `offset`.
    fn read_u32(self, offset: u32) -> u32;
    /// The 8 bytes at `offset`.
    fn read_u64(self, offset: u32) -> u64;
    /// The object that the pointer at `offset` leads to.
    fn follow(self, offset: u32) -> Self;
    /// Where it lies.
    fn address(self) -> *const u8;

    /// The 8 bytes at an offset that the verifier can't know, through the helper; 0 if that can't be
    /// read.
    #[inline(always)]
    fn probe_u64(self, offset: u32) -> u64 {
        Raw(self.address()).read_u64(offset)
    }
}

/// A pointer whose type the verifier knows: plain loads. Through a null pointer they read 0.
#[derive(Clone, Copy)]
pub(crate) struct Typed(pub(crate) *const u8);

impl Object for Typed {
    #[inline(always)]
    fn read_u8(self, offset: u32) -> u8 {
        // SAFETY: the verifier checks that a field of this size lies there.
        unsafe { read_volatile(self.0.wrapping_add(offset as usize)) }
    }

    #[inline(always)]
    fn read_u32(self, offset: u32) -> u32 {
        // SAFETY: the verifier checks that a field of this size lies there.
        unsafe { read_volatile(self.0.wrapping_add(offset as usize).cast()) }
    }

    #[inline(always)]
    fn read_u64(self, offset: u32) -> u64 {
        // SAFETY: as above.
        unsafe { read_volatile(self.0.wrapping_add(offset as usize).cast()) }
    }

    #[inline(always)]
    fn follow(self, offset: u32) -> Self {
        // SAFETY: as above.
        Self(unsafe { read_volatile(self.0.wrapping_add(offset as usize).cast()) })
    }

    #[inline(always)]
    fn address(self) -> *const u8 {
        self.0
    }
}

/// An address: every read is a call of a helper, which checks it; what can't be read is 0.
#[derive(Clone, Copy)]
pub(crate) struct Raw(pub(crate) *const u8);

impl Object for Raw {
    #[inline(always)]
    fn read_u8(self, offset: u32) -> u8 {
        let address = self.0.wrapping_add(offset as usize);
        // SAFETY: the helper checks the address.
        unsafe { bpf_probe_read_kernel(address) }.unwrap_or(0)
    }

    #[inline(always)]
    fn read_u32(self, offset: u32) -> u32 {
        let address = self.0.wrapping_add(offset as usize);
        // SAFETY: the helper checks the address.
        unsafe { bpf_probe_read_kernel(address.cast()) }.unwrap_or(0)
    }

    #[inline(always)]
    fn read_u64(self, offset: u32) -> u64 {
        let address = self.0.wrapping_add(offset as usize);
        // SAFETY: the helper checks the address.
        unsafe { bpf_probe_read_kernel(address.cast()) }.unwrap_or(0)
    }

    #[inline(always)]
    fn follow(self, offset: u32) -> Self {
        Self(self.read_u64(offset) as *const u8)
    }

    #[inline(always)]
    fn address(self) -> *const u8 {
        self.0
    }
}
