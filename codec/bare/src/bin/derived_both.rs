//! Reads and writes a struct: minicbor by its derive.
#![no_std]
#![no_main]

use wigwag_bare::reading::derived;

wigwag_bare::decodes_and_encodes!(derived::decode, derived::encode);
