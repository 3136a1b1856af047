//! `polyptych_hostile::v5_soap` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polyptych_hostile::v5_soap(input));
