//! Writes a struct: minicbor by its derive.
#![no_std]
#![no_main]

wigwag_bare::encodes!(wigwag_bare::reading::derived::encode);
