//! Reads a struct: minicbor by hand.
#![no_std]
#![no_main]

wigwag_bare::decodes!(wigwag_bare::reading::minicbor::decode);
