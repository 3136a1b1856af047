//! Const tables: rows of data, with no code beside them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::source::tables::ErrorRow;

/// The table of a provider's error codes, as the constant `ERRORS`.
pub fn errors(rows: &[ErrorRow], doc: &str) -> TokenStream {
    let single = rows.iter().filter(|row| row.last == row.code).map(error_row);
    let ranges = rows.iter().filter(|row| row.last != row.code).map(error_row);
    quote! {
        use polyptych_wire::fault::{Class, ErrorEntry, ErrorTable, Evidence, Level, Reason};

        #[doc = #doc]
        pub const ERRORS: ErrorTable = ErrorTable { codes: &[#(#single),*], ranges: &[#(#ranges),*] };
    }
}

fn error_row(row: &ErrorRow) -> TokenStream {
    let ErrorRow { code, last, meaning, source, .. } = row;
    let [level, class, reason, evidence] = [row.level, row.class, row.reason, row.evidence].map(ident);
    let subcode = option(row.subcode.as_ref().map(|subcode| quote!(#subcode)));
    let phrase = option(row.phrase.as_ref().map(|phrase| quote!(#phrase)));
    quote! {
        ErrorEntry {
            level: Level::#level,
            code: #code,
            last: #last,
            subcode: #subcode,
            phrase: #phrase,
            meaning: #meaning,
            class: Class::#class,
            reason: Reason::#reason,
            evidence: Evidence::#evidence,
            source: #source,
        }
    }
}

pub(super) fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
