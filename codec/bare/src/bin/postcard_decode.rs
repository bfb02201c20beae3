//! Reads a struct: postcard.
#![no_std]
#![no_main]

wigwag_bare::decodes!(wigwag_bare::reading::postcard::decode);
