use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httparse::{EMPTY_HEADER, Header};

use super::{Authenticate, MAX_FIELDS, MAX_HEAD, TARGET};

/// Most bytes of a user and a password with the ':' between them, decoded.
const MAX_CREDENTIALS: usize = 256;

/// The answer to a request that is granted.
pub(in crate::ncp::link) const GRANTED: &[u8] = b"HTTP/1.1 200 OK\r\nServer: wigwag\r\n\r\n";

/// What a request for a tunnel is.
pub(in crate::ncp::link) enum Request {
    /// Not all of it is here.
    Need,
    /// NCP follows behind so many bytes.
    Granted { consumed: usize },
    /// It is answered with this, and that is all.
    Refused(Status),
}

/// Why a request is refused (RFC 9110 section 15.5, RFC 6585 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ncp::link) enum Status {
    /// It is no HTTP.
    BadRequest,
    /// The login is missing or wrong.
    Unauthorized,
    /// Something else than NCP was asked for.
    Forbidden,
    /// It is no CONNECT.
    MethodNotAllowed,
    /// Its head is too long.
    HeadTooLarge,
    /// It is of another version than HTTP/1.1.
    VersionNotSupported,
}

macro_rules! answers {
    ($($status:ident = $code:literal $reason:literal $fields:literal;)*) => {
        impl Status {
            pub(in crate::ncp::link) const fn code(self) -> u16 {
                match self {
                    $(Self::$status => $code,)*
                }
            }

            /// The whole answer.
            pub(in crate::ncp::link) const fn answer(self) -> &'static [u8] {
                match self {
                    $(Self::$status => concat!(
                        "HTTP/1.1 ", $code, " ", $reason, "\r\n", $fields,
                        "Server: wigwag\r\nConnection: close\r\n\r\n"
                    ).as_bytes(),)*
                }
            }
        }
    };
}

answers! {
    BadRequest = 400 "Bad Request" "";
    Unauthorized = 401 "Unauthorized"
        "Proxy-Authenticate: Basic realm=\"CRFS RFeye Node\", charset=\"utf-8\"\r\n";
    Forbidden = 403 "Forbidden" "";
    MethodNotAllowed = 405 "Method Not Allowed" "Allow: CONNECT\r\n";
    HeadTooLarge = 431 "Request Header Fields Too Large" "";
    VersionNotSupported = 505 "HTTP Version Not Supported" "";
}

/// Reads a request for a tunnel, from whom `authenticate` lets in; from
/// everybody without it.
pub(in crate::ncp::link) fn read_request(
    input: &[u8],
    authenticate: Option<&(dyn Authenticate + Sync)>,
) -> Request {
    let mut fields = [EMPTY_HEADER; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let consumed = match request.parse(input) {
        Ok(httparse::Status::Complete(consumed)) if consumed <= MAX_HEAD => consumed,
        Ok(httparse::Status::Partial) if input.len() < MAX_HEAD => return Request::Need,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => {
            return Request::Refused(Status::HeadTooLarge);
        }
        Err(httparse::Error::Version) => return Request::Refused(Status::VersionNotSupported),
        Err(_) => return Request::Refused(Status::BadRequest),
    };
    let method = request.method.unwrap_or_default();
    let status = if request.version != Some(1) {
        Status::VersionNotSupported
    } else if !method.eq_ignore_ascii_case("CONNECT") {
        Status::MethodNotAllowed
    } else if request.path != Some(TARGET) {
        Status::Forbidden
    } else if !authenticate.is_none_or(|authenticate| is_let_in(request.headers, authenticate)) {
        Status::Unauthorized
    } else {
        return Request::Granted { consumed };
    };
    Request::Refused(status)
}

/// Whether the request has a login that is right. One that has two has none.
fn is_let_in(fields: &[Header<'_>], authenticate: &(dyn Authenticate + Sync)) -> bool {
    let mut logins = fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case("Proxy-Authorization"));
    let (Some(login), None) = (logins.next(), logins.next()) else {
        return false;
    };
    let Some((scheme, coded)) = login.value.split_first_chunk::<6>() else {
        return false;
    };
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return false;
    }
    let mut plain = [0; MAX_CREDENTIALS];
    let Ok(length) = STANDARD.decode_slice(coded.trim_ascii(), &mut plain) else {
        return false;
    };
    let plain = plain.get(..length).unwrap_or_default();
    // The password may have a ':' in it, the user not (RFC 7617 section 2).
    core::str::from_utf8(plain)
        .ok()
        .and_then(|plain| plain.split_once(':'))
        .is_some_and(|(user, password)| authenticate.authenticate(user, password))
}
