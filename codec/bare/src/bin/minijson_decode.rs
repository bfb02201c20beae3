//! Reads a struct: minijson, item by item.
#![no_std]
#![no_main]

wigwag_bare::decodes!(wigwag_bare::reading::minijson::decode);
