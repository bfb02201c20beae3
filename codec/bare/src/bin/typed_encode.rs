//! Writes a struct: minijson by serde.
#![no_std]
#![no_main]

wigwag_bare::encodes!(wigwag_bare::reading::typed::encode);
