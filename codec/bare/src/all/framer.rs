//! Framers, and what cuts messages out of a stream with them.

use wigwag_codec::Instant;
use wigwag_codec::framer::{
    self, FrameError, FrameReader, Framer, Out, Over, Passthrough, Receiver, Switch,
    decode_datagram, tick,
};
use wigwag_codec::mark::MarkFramer;
use wigwag_codec::ncp::link::{ClientLink, ServerLink};
use wigwag_codec::ncp::{Header, NcpFramer};
use wigwag_codec::ngtt::{FrameHead, NgttFramer};
use wigwag_codec::prefix::PrefixFramer;

type Tunnel = ClientLink<'static>;

fn messages(out: &Out<'_>) -> usize {
    // Out::messages
    out.messages().map(<[u8]>::len).sum()
}

fn through(out: &mut Out<'_>, framer: &mut PrefixFramer) -> Result<(), FrameError> {
    // Out::through
    out.through(framer, &(), |out| out.put(b"x"))
}

/// What each framer does.
macro_rules! framers {
    ($($framer:ty),* $(,)?) => {
        super::functions![
            $(
                <$framer as Framer>::decode,
                <$framer as Framer>::encode,
                <$framer as Framer>::heard,
                <$framer as Framer>::on_handshake,
                <$framer as Framer>::on_time,
                <$framer as Framer>::start,
                <$framer as Framer>::stop,
                FrameReader::<$framer, [u8; 64]>::at_boundary,
                FrameReader::<$framer, &'static mut [u8]>::at_boundary,
                FrameReader::<$framer, &'static mut [u8]>::buffered,
                FrameReader::<$framer, &'static mut [u8]>::filled,
                FrameReader::<$framer, &'static mut [u8]>::finish,
                FrameReader::<$framer, &'static mut [u8]>::framer,
                FrameReader::<$framer, &'static mut [u8]>::handshake,
                FrameReader::<$framer, &'static mut [u8]>::new,
                FrameReader::<$framer, &'static mut [u8]>::next,
                FrameReader::<$framer, &'static mut [u8]>::part,
                FrameReader::<$framer, &'static mut [u8]>::push,
                FrameReader::<$framer, &'static mut [u8]>::reset,
                FrameReader::<$framer, &'static mut [u8]>::space,
                FrameReader::<$framer, &'static mut [u8]>::start,
                Receiver::<<$framer as Framer>::Meta>::handshake::<$framer>,
                Receiver::<<$framer as Framer>::Meta>::next::<$framer>,
                Receiver::<<$framer as Framer>::Meta>::part::<$framer>,
                Receiver::<<$framer as Framer>::Meta>::pass_over::<$framer>,
                Receiver::<<$framer as Framer>::Meta>::start::<$framer>,
                decode_datagram::<$framer>,
                tick::<$framer>,
                framer::write::<$framer>,
            )*
            FrameError::new,
            MarkFramer::<4>::new,
            NcpFramer::default,
            NcpFramer::for_buffer,
            NcpFramer::new,
            NcpFramer::set_limit,
            NgttFramer::for_buffer,
            NgttFramer::new,
            Out::bytes,
            Out::is_empty,
            Out::len,
            Out::new,
            Out::put,
            Out::put_parts,
            Over::<NgttFramer, PrefixFramer>::inner,
            Over::<NgttFramer, PrefixFramer>::new,
            Over::<NgttFramer, PrefixFramer>::outer,
            PrefixFramer::for_buffer,
            PrefixFramer::new,
            Receiver::<()>::at_boundary,
            Receiver::<()>::default,
            Receiver::<()>::finish,
            Receiver::<()>::new,
            Receiver::<FrameHead>::finish,
            Receiver::<Header>::finish,
            Instant::as_micros,
            Instant::as_millis,
            Instant::checked_duration_since,
            Instant::from_micros,
            Instant::from_millis,
            Instant::from_secs,
            Instant::saturating_add,
            Instant::saturating_duration_since,
            messages,
            through,
        ];
    };
}

framers![
    MarkFramer<4>,
    NcpFramer,
    NgttFramer,
    Passthrough,
    PrefixFramer,
    ClientLink<'static>,
    ServerLink<'static>,
    Over<NgttFramer, PrefixFramer>,
    Over<Tunnel, MarkFramer<4>>,
    Switch<PrefixFramer, MarkFramer<4>>,
    &'static mut NgttFramer,
];
