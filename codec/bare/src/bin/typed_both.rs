//! Reads and writes a struct: minijson by serde.
#![no_std]
#![no_main]

use wigwag_bare::reading::typed;

wigwag_bare::decodes_and_encodes!(typed::decode, typed::encode);
