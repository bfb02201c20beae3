//! Reads a struct: minijson's view.
#![no_std]
#![no_main]

wigwag_bare::decodes!(wigwag_bare::reading::view::decode);
