//! Writes a struct: minijson, item by item.
#![no_std]
#![no_main]

wigwag_bare::encodes!(wigwag_bare::reading::minijson::encode);
