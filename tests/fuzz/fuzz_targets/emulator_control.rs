//! `polyptych_hostile::emulator_control` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| polyptych_hostile::emulator_control(input));
