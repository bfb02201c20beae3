//! Writes a struct: postcard.
#![no_std]
#![no_main]

wigwag_bare::encodes!(wigwag_bare::reading::postcard::encode);
