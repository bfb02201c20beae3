//! Reads and writes a struct: postcard.
#![no_std]
#![no_main]

use wigwag_bare::reading::postcard;

wigwag_bare::decodes_and_encodes!(postcard::decode, postcard::encode);
