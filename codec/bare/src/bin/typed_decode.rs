//! Reads a struct: minijson by serde.
#![no_std]
#![no_main]

wigwag_bare::decodes!(wigwag_bare::reading::typed::decode);
