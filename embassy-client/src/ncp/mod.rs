//! NCP, client and server: commands and answers in packets of named fields.
//!
//! What ncplib does for programs in Python is here for devices, with the same
//! names and without an allocator. [`new`] takes [`Memory`] of fixed size and
//! returns [`Ncp`] and a [`Runner`] that is a task of its own. [`Client`] and
//! [`Server`] say what is wanted, and make [`Connection`]s.
//!
//! | ncplib | here |
//! |---|---|
//! | `connect(host)` | [`Client::plain`], [`connect`](Client::connect) |
//! | `connect(host, username, password)` | [`Client::login_in_the_clear`] |
//! | `connect(host, ssl)` | [`Client::tls`] |
//! | `start_server(handler)` | [`Server::plain`], [`listen`](Server::listen), [`serve`](Listening::serve) |
//! | `start_server(handler, authenticate)` | [`Server::login_in_the_clear`] |
//! | `connection.send`, `send_packet` | [`Connection::send`], [`Connection::send_packet`] |
//! | `connection.recv`, `recv_field` | [`Connection::recv`], [`Connection::recv_field`] |
//! | `async for field in connection` | [`Connection::next`] |
//! | `response.recv`, `recv_field` | [`Response::recv`], [`Response::recv_field`] |
//! | `field["SAMP"]` | [`Field::param`], [`Field::value`] |
//! | `field.send` | [`Connection::reply`] with [`Field::reply_to`] |
//! | `close`, `wait_closed`, `is_closing`, `remote_hostname` | the same of [`Connection`] |
//! | exceptions | [`Error`] |
//! | warnings | [`Connection::warning`] |
//!
//! What differs: several requests can be outstanding at once, and each gets its
//! own answers ([`exchange`](wigwag_codec::ncp::exchange) has the rules; ncplib
//! loses those of the others). Fields are received to a buffer of the
//! caller's. A login in the clear has to be asked for by that name. [`Keeper`]
//! connects again.

mod client;
mod connection;
mod error;
mod field;
mod keeper;
mod memory;
mod receiving;
mod response;
mod runner;
mod seat;
mod sending;
mod server;

pub use client::{Client, LOGIN_PORT, PORT, TLS_PORT};
pub use connection::{ClientConnection, Connection, Link, RemoteHostname, ServerConnection};
pub use error::{DecodeError, Error, Fault, MAX_DETAIL, NetworkError, Warning};
pub use field::{Field, ReplyTo};
pub use keeper::{Keeper, KeeperStatus, Observer};
pub use memory::{CONFIG, Memory, Ncp, new};
pub use response::Response;
pub use runner::Runner;
pub use sending::{Fields, Params, echo};
pub use server::{Listening, Server};
pub use wigwag_codec::ncp::link::{
    Authenticate, ClientLink, Login, NameError, Peer, ServerLink, Timing,
};
pub use wigwag_codec::ncp::{Array, Ident, NcpError, NcpErrorKind, Param, Time, ToValue, Value};

/// The memory of a client: see [`Memory`].
pub type ClientMemory<
    'a,
    S = crate::taps::Disabled,
    const SLOTS: usize = 2,
    const PACKET: usize = 2048,
    const SEND: usize = 1024,
    const REQUESTS: usize = 8,
    const KEPT: usize = 512,
    const OUT: usize = 512,
    const SOCKET: usize = 2048,
    const RACE: usize = 1,
    const RECORD_IN: usize = 0,
    const RECORD_OUT: usize = 0,
> = Memory<
    'a,
    ClientLink<'a>,
    S,
    SLOTS,
    PACKET,
    SEND,
    REQUESTS,
    KEPT,
    OUT,
    SOCKET,
    RACE,
    RECORD_IN,
    RECORD_OUT,
>;

/// The memory of a server: see [`Memory`]. `SLOTS` is two more than it has
/// clients at a time.
pub type ServerMemory<
    'a,
    const SLOTS: usize = 4,
    const PACKET: usize = 2048,
    const SEND: usize = 1024,
    const REQUESTS: usize = 4,
    const KEPT: usize = 256,
    const OUT: usize = 512,
    const SOCKET: usize = 2048,
> = Memory<
    'a,
    ServerLink<'a>,
    crate::taps::Disabled,
    SLOTS,
    PACKET,
    SEND,
    REQUESTS,
    KEPT,
    OUT,
    SOCKET,
>;

/// The runner of a client in a [`ClientMemory`] of the same numbers, on the
/// network `N`: what a task of its own has to name.
pub type ClientRunner<
    'a,
    N,
    R,
    S = crate::taps::Disabled,
    const SLOTS: usize = 2,
    const PACKET: usize = 2048,
    const SEND: usize = 1024,
    const OUT: usize = 512,
    const SOCKET: usize = 2048,
    const RACE: usize = 1,
    const RECORD_IN: usize = 0,
    const RECORD_OUT: usize = 0,
> = Runner<
    'a,
    ClientLink<'a>,
    S,
    crate::taps::TransportMemory<
        'a,
        ClientLink<'a>,
        S,
        SLOTS,
        { memory::MESSAGES },
        SEND,
        PACKET,
        OUT,
        SOCKET,
        RACE,
        RECORD_IN,
        RECORD_OUT,
    >,
    N,
    R,
>;

/// The runner of a server in a [`ServerMemory`] of the same numbers, on the
/// network `N`: what a task of its own has to name.
pub type ServerRunner<
    'a,
    N,
    R,
    const SLOTS: usize = 4,
    const PACKET: usize = 2048,
    const SEND: usize = 1024,
    const OUT: usize = 512,
    const SOCKET: usize = 2048,
> = Runner<
    'a,
    ServerLink<'a>,
    crate::taps::Disabled,
    crate::taps::TransportMemory<
        'a,
        ServerLink<'a>,
        crate::taps::Disabled,
        SLOTS,
        { memory::MESSAGES },
        SEND,
        PACKET,
        OUT,
        SOCKET,
    >,
    N,
    R,
>;
