//! Reads and writes a struct: minicbor by hand.
#![no_std]
#![no_main]

use wigwag_bare::reading::minicbor;

wigwag_bare::decodes_and_encodes!(minicbor::decode, minicbor::encode);
