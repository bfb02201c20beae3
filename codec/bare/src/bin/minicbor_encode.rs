//! Writes a struct: minicbor by hand.
#![no_std]
#![no_main]

wigwag_bare::encodes!(wigwag_bare::reading::minicbor::encode);
