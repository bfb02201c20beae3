//! The one future that owns all sockets of a transport.

use core::cell::RefCell;
use core::convert::Infallible;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::Poll;

use embassy_futures::select::{Either, SelectArray, select, select_array};
use embassy_time::Timer;
use rand_core::{CryptoRng, CryptoRngCore, RngCore};
use wigwag_codec::Instant;
use wigwag_codec::framer::Framer;

use super::super::security::Security;
use super::attempt::Attempt;
use super::backlog::keep_waiting;
use super::error::{ConnectionError, EstablishmentError};
use super::handing::hand_down;
use super::memory::{Hub, Seat, TransportMemory};
use super::pump::look;
use super::state::{Duty, Order, Stage, State, is_datagram};
use crate::net::{Network, PathState};
use crate::time;
use crate::tls::End;

/// Runs all connections of a transport: spawn [`run`](Self::run) in a task of
/// its own. `M` is its [`TransportMemory`].
///
/// ```
/// use embassy_executor::task;
/// use wigwag_codec::prefix::PrefixFramer;
/// use wigwag_embassy::net::EmbassyNetwork;
/// use wigwag_embassy::taps::{Runner, TransportMemory};
/// # use rand_core::OsRng as Trng;
///
/// type Memory = TransportMemory<'static, PrefixFramer>;
///
/// #[task]
/// async fn transport(mut runner: Runner<'static, Memory, EmbassyNetwork<'static>, Trng>) -> ! {
///     match runner.run().await {}
/// }
/// ```
pub struct Runner<'a, M, N, R> {
    pub(super) memory: &'a M,
    pub(super) network: N,
    pub(super) rng: RefCell<R>,
}

impl<
    'a,
    F: Framer + Clone,
    S: Security,
    N: Network,
    R: CryptoRngCore,
    const SLOTS: usize,
    const MESSAGES: usize,
    const BYTES: usize,
    const IN: usize,
    const OUT: usize,
    const SOCKET: usize,
    const RACE: usize,
    const RECORD_IN: usize,
    const RECORD_OUT: usize,
>
    Runner<
        'a,
        TransportMemory<
            'a,
            F,
            S,
            SLOTS,
            MESSAGES,
            BYTES,
            IN,
            OUT,
            SOCKET,
            RACE,
            RECORD_IN,
            RECORD_OUT,
        >,
        N,
        R,
    >
{
    /// Brings connections up and keeps them going, for as long as it is polled.
    /// Dropping it cuts all of them off; run again, it takes new ones.
    pub async fn run(&mut self) -> Infallible {
        let hub: &dyn Hub<'a, F, S> = self.memory;
        let _stopped = Stopped(hub);
        // Where they stay: by value they would be copied, and they are large.
        let slots = pin!(all::<_, SLOTS>(|index| self.slot(index)));
        match select(slots, pump(hub)).await {
            Either::First((never, _)) => match never {},
            Either::Second(never) => never,
        }
    }

    /// One connection after the other.
    // Its sockets' memory is borrowed for all of a connection's life, and by
    // nobody else: a second runner finds it taken.
    #[allow(clippy::await_holding_refcell_ref)]
    async fn slot(&self, index: usize) -> Infallible {
        let hub: &dyn Hub<'a, F, S> = self.memory;
        let (Some(seat), Some(link), Some(memory)) = (
            hub.seat(index),
            self.memory.links.get(index),
            self.memory.buffers.get(index),
        ) else {
            return core::future::pending().await;
        };
        loop {
            // Whoever gives the order wakes this task.
            let order = poll_fn(|_| seat.with(take_order).map_or(Poll::Pending, Poll::Ready)).await;
            let attempt = Attempt {
                hub,
                seat,
                link,
                network: &self.network,
                order: &order,
            };
            let result = match order.duty {
                // Its gate has begun it, and ends it.
                Duty::Guest(_) => attempt.guest().await,
                // Nobody wanted it any more before it began.
                _ if !seat.with(|state| is_wanted_up(state)) => Err(EstablishmentError::Aborted),
                _ => match memory.try_borrow_mut() {
                    Ok(mut memory) => {
                        let mut rng = Shared(&self.rng);
                        attempt.all(&mut memory, &mut rng).await
                    }
                    Err(_) => Err(EstablishmentError::NoSlot),
                },
            };
            settle(hub, &seat, result);
            // Whoever lets go of it wakes this task.
            poll_fn(|_| match seat.with(|state| is_wanted(state)) {
                true => Poll::Pending,
                false => Poll::Ready(()),
            })
            .await;
            release(hub, &seat);
        }
    }
}

/// As many futures beside each other. In a function of its own: the copies that
/// are made of them on the way leave the stack before the first poll.
#[inline(never)]
fn all<F: Future, const N: usize>(make: impl FnMut(usize) -> F) -> SelectArray<F, N> {
    select_array(core::array::from_fn(make))
}

impl<'a, F, S, N, const IN: usize, const OUT: usize> Attempt<'_, '_, 'a, F, S, N, IN, OUT>
where
    F: Framer + Clone,
    S: Security,
    N: Network,
{
    /// Tries all stacks on all paths, best first, those first that can be used
    /// now.
    async fn all<R, const SOCKET: usize, const RACE: usize, const RI: usize, const RO: usize>(
        &self,
        memory: &mut super::memory::SocketMemory<SOCKET, RACE, RI, RO>,
        rng: &mut R,
    ) -> Result<(), EstablishmentError>
    where
        R: CryptoRngCore,
    {
        let mut failure: Option<EstablishmentError> = None;
        let paths = self.order.paths;
        let is_up = |path: &crate::net::PathId| self.network.path_state(*path) == PathState::Up;
        let (mut up, mut down) = (heapless::Vec::<_, 8>::new(), heapless::Vec::<_, 8>::new());
        for path in paths.paths() {
            // A plan has 8 paths at most.
            let _ = if is_up(path) {
                up.push(*path)
            } else {
                down.push(*path)
            };
        }
        for (path, must_wait) in up
            .iter()
            .map(|path| (*path, false))
            .chain(down.iter().map(|path| (*path, true)))
        {
            if must_wait && let Err(error) = self.path_up(path).await {
                failure = Some(failure.map_or(error, |first| first.further(error)));
                continue;
            }
            for stack in self.order.stacks.stacks() {
                let result = match (self.order.duty, is_datagram(*stack)) {
                    (Duty::Initiate, false) => self.over_stream(*stack, path, memory, rng).await,
                    (Duty::Accept, false) => match self.listening_port() {
                        Ok(port) => self.accept(*stack, path, port, memory, rng).await,
                        Err(error) => Err(error),
                    },
                    (Duty::Initiate | Duty::Rendezvous | Duty::Gate, true) => {
                        self.over_datagrams(*stack, path, memory).await
                    }
                    _ => Err(EstablishmentError::NotSupported),
                };
                let Err(error) = result else { return Ok(()) };
                if let Some(error) = self.seat.with(|state| state.failed) {
                    return Err(error);
                }
                failure = Some(failure.map_or(error, |first| first.further(error)));
            }
        }
        Err(failure.unwrap_or(EstablishmentError::NotSupported))
    }

    /// Waits until a path can be used, for as long as an attempt may take.
    async fn path_up(&self, path: crate::net::PathId) -> Result<(), EstablishmentError> {
        use crate::net::ConnectError::NoRoute;
        let config = self.hub.shared().config();
        let up = async {
            let mut state = self.network.path_state(path);
            while state != PathState::Up {
                state = self.network.path_changed(path, state).await;
            }
        };
        let patience = Timer::after(time::duration(config.race.attempt_timeout));
        match embassy_futures::select::select3(up, patience, given_up(&self.seat)).await {
            embassy_futures::select::Either3::First(()) => Ok(()),
            embassy_futures::select::Either3::Second(()) => Err(EstablishmentError::Race(
                super::super::race::RaceError::Connect(NoRoute),
            )),
            embassy_futures::select::Either3::Third(error) => Err(error),
        }
    }

    pub(super) fn listening_port(&self) -> Result<u16, EstablishmentError> {
        let local = self
            .order
            .local
            .ok_or(EstablishmentError::MissingEndpoint)?;
        local.listening_port().map_err(EstablishmentError::Endpoint)
    }

    /// A peer of a gate: the gate moves its datagrams.
    async fn guest(&self) -> Result<(), EstablishmentError> {
        let end = poll_fn(|cx| {
            self.seat.link.register(cx);
            match self.seat.link.state() {
                crate::tls::LinkState::Ended(end) => Poll::Ready(end),
                _ => Poll::Pending,
            }
        })
        .await;
        self.ended(Ok(end))
    }
}

/// Takes an order that nobody has taken.
fn take_order<'a, F: Framer + Clone, S: Clone>(
    state: &mut State<'a, F, S>,
) -> Option<Order<'a, F, S>> {
    // A guest whose gate has a higher slot is established before it is seen here.
    if state.is_running || matches!(state.stage, Stage::Free | Stage::Closed) {
        return None;
    }
    let order = state.order.clone()?;
    state.is_running = true;
    Some(order)
}

/// Whether it is still to come up.
fn is_wanted_up<F: Framer, S>(state: &State<'_, F, S>) -> bool {
    !state.is_aborted && state.failed.is_none()
}

/// Resolves when nobody wants the connection any more before it is ready.
pub(super) async fn given_up<F: Framer, S>(seat: &Seat<'_, '_, F, S>) -> EstablishmentError {
    // Whoever says so does so in this task, or wakes it.
    poll_fn(|_| match seat.with(|state| state.failed) {
        Some(error) => Poll::Ready(error),
        None => Poll::Pending,
    })
    .await
}

/// A connection is over, or has not come up.
fn settle<F: Framer, S>(
    hub: &dyn Hub<'_, F, S>,
    seat: &Seat<'_, '_, F, S>,
    result: Result<(), EstablishmentError>,
) {
    let lost = seat.with(|state| {
        if let Err(error) = result {
            state.failed = state.failed.or(Some(error));
        }
        state.stage = Stage::Closed;
        state.step = super::state::Step::Stopped;
        state.close_by = None;
        state.lost
    });
    let error = lost.map_or(
        super::super::message::SendError::ConnectionClosing,
        ConnectionError::of_send,
    );
    seat.with_queue(|queue| queue.fail(error));
    seat.wake_users();
    hub.shared().wake_waiting();
}

/// Whether somebody still has a look at a connection that is over: who has a
/// handle, or a listener that is to learn why it cannot listen.
pub(super) fn is_wanted<F: Framer, S>(state: &State<'_, F, S>) -> bool {
    let has_news = state.failed.is_some_and(super::listener::is_lasting);
    state.is_held || (state.listener.is_some() && has_news && !state.is_aborted)
}

/// Frees a slot that nobody wants any more, unless the runner has it in hand:
/// then the runner does.
pub(super) fn let_go<F: Framer, S>(hub: &dyn Hub<'_, F, S>, seat: &Seat<'_, '_, F, S>) {
    let is_left = |state: &mut State<'_, F, S>| !state.is_running && !is_wanted(state);
    if seat.stage() != Stage::Free && seat.with(is_left) {
        release(hub, seat);
    }
    hub.shared().wake_runner();
}

/// A slot is free again.
fn release<F: Framer, S>(hub: &dyn Hub<'_, F, S>, seat: &Seat<'_, '_, F, S>) {
    seat.with_queue(|queue| queue.reset(false));
    seat.with(|state| {
        state.users.wake();
        *state = State::FREE;
    });
    hub.shared().wake_waiting();
}

/// Looks at every connection whenever something has changed or a time has come.
async fn pump<'a, F: Framer, S>(hub: &dyn Hub<'a, F, S>) -> Infallible {
    let mut alarm: Option<(Instant, Timer)> = None;
    poll_fn(|cx| {
        hub.shared().register_runner(cx.waker());
        let config = hub.shared().config();
        let mut any = false;
        let next = loop {
            let now = time::now();
            let mut has_changed = false;
            let mut next: Option<Instant> = None;
            let mut due = |at: Option<Instant>| {
                if let Some(at) = at {
                    next = Some(next.map_or(at, |next| next.min(at)));
                }
            };
            for seat in hub.seats() {
                if matches!(seat.stage(), Stage::Free | Stage::Closed) {
                    continue;
                }
                seat.link.register(cx);
                let look = look(&seat, &config, now);
                if look.has_changed {
                    has_changed = true;
                    hub.shared().wake_waiting();
                }
                due(look.next);
            }
            let (gave_way, at) = keep_waiting(hub, &config, now);
            has_changed |= gave_way;
            due(at);
            for index in 0..hub.slots() {
                if let (Ok(number), Some(group)) = (u8::try_from(index), hub.group(index)) {
                    let (handed, at) = hand_down(hub, number, group, now);
                    has_changed |= handed;
                    due(at);
                }
            }
            if !has_changed {
                break next;
            }
            any = true;
        };
        if any {
            // What owns the sockets looks at its slots again.
            cx.waker().wake_by_ref();
        }
        match next {
            None => alarm = None,
            Some(at) => {
                if alarm.as_ref().is_none_or(|(set, _)| *set != at) {
                    alarm = Some((at, Timer::at(time::instant(at))));
                }
                if let Some((_, timer)) = &mut alarm
                    && Pin::new(timer).poll(cx).is_ready()
                {
                    alarm = None;
                    cx.waker().wake_by_ref();
                }
            }
        }
        Poll::<Infallible>::Pending
    })
    .await
}

/// Ends everything when the runner is dropped: nobody else would.
struct Stopped<'r, 'a, F: Framer, S>(&'r dyn Hub<'a, F, S>);

impl<F: Framer, S> Drop for Stopped<'_, '_, F, S> {
    fn drop(&mut self) {
        for seat in self.0.seats() {
            let stage = seat.stage();
            if stage == Stage::Free {
                continue;
            }
            seat.link.end(End::Aborted);
            seat.with(|state| match stage {
                Stage::Establishing => state.failed = Some(EstablishmentError::Aborted),
                Stage::Closed => {}
                _ => state.lost = state.lost.or(Some(ConnectionError::Aborted)),
            });
            settle(self.0, &seat, Ok(()));
            // Nobody else looks when the application lets go of it.
            seat.with(|state| state.is_running = false);
            let_go(self.0, &seat);
        }
    }
}

/// A source of randomness for several users in one task.
struct Shared<'r, R>(&'r RefCell<R>);

impl<R: RngCore> RngCore for Shared<'_, R> {
    fn next_u32(&mut self) -> u32 {
        self.0.borrow_mut().next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.borrow_mut().next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.borrow_mut().fill_bytes(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.0.borrow_mut().try_fill_bytes(bytes)
    }
}

impl<R: CryptoRng> CryptoRng for Shared<'_, R> {}
