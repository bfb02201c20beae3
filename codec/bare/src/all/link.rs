//! NCP's link and who gets an answer.

use wigwag_codec::ncp::exchange::{Desk, Exchange, Offer, OpenError, Request, Who};
use wigwag_codec::ncp::link::{
    Authenticate, ClientLink, LinkConfig, LinkError, Login, Names, ServerLink, Timing, error_packet,
};
use wigwag_codec::ncp::{Header, Ident};

fn distribute(desk: &mut Desk<'_>, header: &Header, body: &[u8], woken: &mut [usize; 1]) -> Offer {
    // Desk::distribute
    desk.distribute(header, body, |slot| woken[0] ^= slot.unwrap_or(0))
}

fn offer(
    desk: &mut Desk<'_>,
    header: &Header,
    body: &[u8],
    who: &Who,
    buffer: &mut [u8],
    woken: &mut [usize; 1],
) -> Offer {
    // Desk::offer
    desk.offer(header, body, who, buffer, |slot| {
        woken[0] ^= slot.unwrap_or(0)
    })
}

fn open(desk: &mut Desk<'_>, kind: Ident, fields: &[(Ident, u32)]) -> Result<Request, OpenError> {
    // Desk::open
    desk.open(kind, fields.iter().copied())
}

fn slots(desk: &Desk<'_>, who: &Who) -> usize {
    // Desk::slots
    desk.slots(who).fold(0, usize::wrapping_add)
}

fn password(user: &str, password: &str) -> bool {
    user == "a" && password == "b"
}

fn asked(user: &str, word: &str) -> bool {
    // F::authenticate
    Authenticate::authenticate(&password, user, word)
}

super::functions![
    ClientLink::config,
    ClientLink::new,
    ClientLink::timing,
    ClientLink::with_login,
    Desk::close,
    Desk::counters,
    Desk::in_use,
    Desk::is_begun,
    Desk::is_waited_for,
    Desk::leave,
    Desk::next_id,
    Desk::reset,
    Desk::take,
    Desk::wait,
    Exchange::<4, 128>::default,
    Exchange::<4, 128>::desk,
    Exchange::<4, 128>::new,
    LinkConfig::new,
    LinkError::code,
    LinkError::detail,
    Login::authenticate,
    Login::new,
    Names::of_host,
    ServerLink::config,
    ServerLink::new,
    ServerLink::peer,
    ServerLink::timing,
    ServerLink::with_authentication,
    ServerLink::with_tunnel,
    Timing::keep_alive,
    Timing::patience,
    asked,
    distribute,
    error_packet,
    offer,
    open,
    slots,
];
