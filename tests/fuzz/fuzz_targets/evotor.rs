//! `polyptych_hostile::evotor` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polyptych_hostile::evotor(input));
