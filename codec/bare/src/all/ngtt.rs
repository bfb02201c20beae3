//! NGTT's frames and messages.

use wigwag_codec::minijson::{Error, Value};
use wigwag_codec::ngtt::message::{
    BaobRequest, BaobRequestWriter, BaobResponse, Command, Failure, LogEntry, Logs, LogsWriter,
    Pathpoint, Pathpoints, PathpointsWriter, Reading, Section, Sections,
};
use wigwag_codec::ngtt::{Digest, Frame, FrameHead, FrameOut, FrameType, LinkFault, NgttError};

fn lists(response: &BaobResponse<'_>) -> (usize, usize) {
    // BaobResponse::download BaobResponse::upload
    let sum = |sum: usize, name: &str| sum.wrapping_add(name.len());
    (
        response.download().fold(0, sum),
        response.upload().fold(0, sum),
    )
}

fn write_response(out: &mut [u8], names: &[&str]) -> Result<usize, Error> {
    // BaobResponse::write
    BaobResponse::write(out, names.iter().copied(), names.iter().copied())
}

fn readings<'a>(point: &Pathpoint<'a>) -> Option<Reading<'a>> {
    // Pathpoint::readings
    point.readings().last()
}

fn commands<'a>(section: &Section<'a>) -> Option<Command<'a>> {
    // Section::commands
    section.commands().last()
}

fn value<'w, 'b>(
    writer: &'w mut PathpointsWriter<'b>,
    value: Value<'_>,
) -> Result<&'w mut PathpointsWriter<'b>, Error> {
    // PathpointsWriter::value
    writer.value(7, |encoder| encoder.raw(value))
}

super::functions![
    <NgttError as From<LinkFault>>::from,
    <NgttError as From<Error>>::from,
    BaobRequest::next,
    BaobRequest::parse,
    BaobRequest::size_hint,
    BaobRequestWriter::finish,
    BaobRequestWriter::new,
    BaobRequestWriter::object,
    BaobResponse::parse,
    BaobResponse::value,
    Command::new,
    Digest::of,
    Failure::code,
    Failure::from_code,
    Frame::empty,
    Frame::head,
    Frame::new,
    Frame::parse,
    Frame::real_data,
    Frame::wire_len,
    Frame::write,
    FrameHead::header,
    FrameHead::parse,
    FrameOut::frame,
    FrameType::as_u16,
    FrameType::from_name,
    FrameType::from_u16,
    FrameType::is_to_device,
    FrameType::is_to_server,
    FrameType::name,
    LogEntry::new,
    LogEntry::text,
    Logs::next,
    Logs::parse,
    Logs::size_hint,
    LogsWriter::entry,
    LogsWriter::finish,
    LogsWriter::new,
    Pathpoint::path,
    Pathpoint::value,
    Pathpoints::next,
    Pathpoints::parse,
    Pathpoints::size_hint,
    PathpointsWriter::failed,
    PathpointsWriter::finish,
    PathpointsWriter::new,
    PathpointsWriter::pathpoint,
    Reading::new,
    Section::disposition,
    Section::value,
    Sections::next,
    Sections::parse,
    Sections::size_hint,
    commands,
    lists,
    readings,
    value,
    write_response,
];
