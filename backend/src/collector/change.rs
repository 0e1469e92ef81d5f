//! Changing what is measured while it runs: the new programs are attached beside the old ones, which
//! go only then. A failure leaves everything as it was.

use super::{Collector, interval};
use crate::control::{Change, Refusal, RefusalKind};
use crate::failure::Failure;
use crate::probe::{Probe, ReadError};
use crate::sampler::Sampler;
use crate::target;
use runqlat_common::wire::{ProbeState, Scope, ScopeChange, SetScope};
use std::collections::VecDeque;
use std::thread::{self, JoinHandle};

/// Detached probes that may be on their way out at once. The kernel takes 30 to 80 ms for each, and
/// each holds its tables until then.
const LEAVING: usize = 8;

impl Collector {
    /// Makes a change, or says why not; an error only if the probe that is attached fails.
    pub(super) fn change(&mut self, change: Change) -> Result<(), ReadError> {
        let made = self.make(change.request, change.by)?;
        // Whoever asked may have gone.
        let _ = change.answer.send(made);
        Ok(())
    }

    fn make(
        &mut self,
        request: SetScope,
        by: String,
    ) -> Result<Result<ScopeChange, Refusal>, ReadError> {
        let made = match self.prepare(request) {
            Ok((probe, scope)) => self.replace(probe, scope, by)?,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = &made {
            tracing::info!("the scope was not changed: {}", refusal.reason);
            let programs = self.sampler.probe().programs();
            self.hub.set_probe(ProbeState::Attached { programs });
        }
        Ok(made)
    }

    /// Measures the cgroup that lies where the scope's was.
    pub(super) fn follow(&mut self) -> Result<(), ReadError> {
        let request = SetScope {
            scope: self.scope.scope.clone(),
            expect: None,
        };
        self.make(request, String::new()).map(drop)
    }

    /// Attaches the new programs; the old ones measure on.
    fn prepare(&mut self, request: SetScope) -> Result<(Box<dyn Probe>, Scope), Refusal> {
        if request
            .expect
            .is_some_and(|number| number != self.scope.number)
        {
            return Err(Refusal {
                kind: RefusalKind::Conflict,
                reason: "somebody else has changed what is measured meanwhile".into(),
                hint: "look at what is measured now, and ask again if you still want to".into(),
            });
        }
        let mut scope = request.scope;
        if scope.interval_ms == 0 {
            scope.interval_ms = self.scope.scope.interval_ms;
        }
        target::check_interval(scope.interval_ms).map_err(Failure::from)?;
        let programs = self.sampler.probe().programs();
        let to = target::asked(&scope);
        self.hub.set_probe(ProbeState::Changing { programs, to });
        Ok(self.source.attach(&scope)?)
    }

    /// The new probe's first reading comes after the old one's last: no wait is in both.
    fn replace(
        &mut self,
        probe: Box<dyn Probe>,
        scope: Scope,
        by: String,
    ) -> Result<Result<ScopeChange, Refusal>, ReadError> {
        let programs = probe.programs();
        let last = self.sampler.cut()?;
        let sampler = Sampler::new(probe, scope.key, interval(&scope));
        self.publish(last);
        let sampler = match sampler {
            Ok(sampler) => sampler,
            Err(error) => return Ok(Err(Failure::Other(error.into()).into())),
        };
        self.scope = ScopeChange {
            number: self.scope.number + 1,
            scope,
            from_seq: self.seq + 1,
            at_ms: self.axis.at_ms(sampler.at_ns()),
            by,
        };
        let old = std::mem::replace(&mut self.sampler, sampler);
        self.failed_before += old.failed();
        self.departure.forget();
        self.undertaker.take(old.into_probe());
        self.hub
            .set_scope(self.scope.clone(), ProbeState::Attached { programs });
        Ok(Ok(self.scope.clone()))
    }
}

/// Sees old probes off, on threads of their own.
#[derive(Default)]
pub(super) struct Undertaker(VecDeque<JoinHandle<()>>);

impl Undertaker {
    fn take(&mut self, probe: Box<dyn Probe>) {
        self.0.retain(|leaving| !leaving.is_finished());
        if self.0.len() >= LEAVING
            && let Some(oldest) = self.0.pop_front()
        {
            let _ = oldest.join();
        }
        let drop_it = thread::Builder::new()
            .name("detach".into())
            .spawn(move || drop(probe));
        // Without a thread it was dropped here and now.
        self.0.extend(drop_it);
    }
}

impl Drop for Undertaker {
    fn drop(&mut self) {
        for leaving in self.0.drain(..) {
            let _ = leaving.join();
        }
    }
}
