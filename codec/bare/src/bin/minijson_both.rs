//! Reads and writes a struct: minijson, item by item.
#![no_std]
#![no_main]

use wigwag_bare::reading::minijson;

wigwag_bare::decodes_and_encodes!(minijson::decode, minijson::encode);
