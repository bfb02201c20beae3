//! Reads a struct: minicbor by its derive.
#![no_std]
#![no_main]

wigwag_bare::decodes!(wigwag_bare::reading::derived::decode);
