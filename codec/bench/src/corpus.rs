//! The packets that are measured, and what is needed to write them.

use wigwag_codec::ncp::{Header, Packet, Value};

use crate::operation::File;

/// A field's name and id, and its parameters.
type Field = (String, u32, Vec<(String, Value<'static>)>);

/// A packet before it is written.
pub(crate) struct Plan {
    pub(crate) header: Header,
    pub(crate) fields: Vec<Field>,
}

/// The corpus, and places to read and write it.
pub(crate) struct Corpus {
    pub(crate) command: &'static [u8],
    pub(crate) sweep: &'static [u8],
    pub(crate) sweep_plan: Plan,
    /// Where packets are written.
    pub(crate) place: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) words: Vec<i16>,
    pub(crate) singles: Vec<f32>,
    pub(crate) doubles: Vec<f64>,
}

impl Corpus {
    pub(crate) fn new() -> Self {
        let command = include_bytes!("../../../harness/corpus/ncp_command.ncp");
        let sweep = include_bytes!("../../../harness/corpus/ncp_sweep.ncp");
        Self {
            command,
            sweep,
            sweep_plan: plan(sweep),
            place: vec![0; 1 << 16],
            bytes: vec![0; 1 << 16],
            words: vec![0; 1 << 15],
            singles: vec![0.0; 1 << 14],
            doubles: vec![0.0; 1 << 13],
        }
    }

    pub(crate) fn wire(&self, file: File) -> &'static [u8] {
        match file {
            File::Command => self.command,
            File::Sweep => self.sweep,
        }
    }
}

fn plan(wire: &'static [u8]) -> Plan {
    let packet = Packet::decode(wire).expect("the corpus is sound");
    let fields = packet.fields().map(|field| {
        let params = field.params().map(|param| {
            let value = param.value().expect("the corpus is sound");
            (param.name.to_string(), value)
        });
        (field.name.to_string(), field.id, params.collect())
    });
    Plan {
        header: *packet.header(),
        fields: fields.collect(),
    }
}
