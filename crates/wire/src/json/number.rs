//! Numbers of a JSON document (RFC 8259, 6), as integers where they are some that fit.

use serde_json::Error;

use super::reader::Reader;

/// What stands in the document.
pub(super) enum Number {
    /// Zero or more, without a sign.
    Natural(u64),
    /// Less than zero.
    Negative(i64),
    /// With a fraction or an exponent, beyond both, or negative zero. Finite, and the nearest that there is.
    Float(f64),
}

impl Reader<'_> {
    /// Reads a number from its sign or its first digit on.
    #[inline]
    pub(super) fn number(&mut self) -> Result<Number, Error> {
        let start = self.at;
        let negative = self.byte() == Some(b'-');
        match self.skip_number()? {
            Some(integer) if !negative => return Ok(Number::Natural(integer)),
            Some(integer @ 1..) if integer <= i64::MIN.unsigned_abs() => {
                return Ok(Number::Negative(0_i64.wrapping_sub_unsigned(integer)));
            }
            _ => {}
        }
        match self.document.get(start..self.at).unwrap_or_default().parse() {
            Ok(number) if f64::is_finite(number) => Ok(Number::Float(number)),
            _ => Err(self.refused("number out of range")),
        }
    }

    /// Reads over a number; its integer without the sign, if it is one that fits.
    pub(super) fn skip_number(&mut self) -> Result<Option<u64>, Error> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        let mut integer = match self.digit() {
            Some(0) if self.byte().is_some_and(|byte| byte.is_ascii_digit()) => {
                return Err(self.refused_next("invalid number"));
            }
            Some(digit) => Some(u64::from(digit)),
            None => return Err(self.no_digit()),
        };
        while let Some(digit) = self.digit() {
            integer = integer.and_then(|integer| integer.checked_mul(10)?.checked_add(digit.into()));
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
            integer = None;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
            integer = None;
        }
        Ok(integer)
    }

    /// Reads over digits, of which there has to be one.
    fn digits(&mut self) -> Result<(), Error> {
        self.digit().ok_or_else(|| self.no_digit())?;
        while self.digit().is_some() {}
        Ok(())
    }

    #[inline(always)]
    fn digit(&mut self) -> Option<u8> {
        let digit = self.byte()?.wrapping_sub(b'0');
        let digit = (digit < 10).then_some(digit)?;
        self.at += 1;
        Some(digit)
    }

    #[cold]
    fn no_digit(&self) -> Error {
        match self.byte() {
            Some(_) => self.refused_next("invalid number"),
            None => self.refused("EOF while parsing a value"),
        }
    }
}
