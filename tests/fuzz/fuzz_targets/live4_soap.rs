//! `polyptych_hostile::live4_soap` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polyptych_hostile::live4_soap(input));
