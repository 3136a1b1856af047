//! `polyptych_hostile::facebook_batch` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polyptych_hostile::facebook_batch(input));
