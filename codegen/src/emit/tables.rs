//! Tables as Rust constants: rows of data, with no code beside them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::source::tables::{Advice, Case, Class, ErrorRow, Rules, Size};

/// The table of a provider's error codes, as the constant `ERRORS`.
pub fn errors(rows: &[ErrorRow], doc: &str) -> TokenStream {
    let single = rows.iter().filter(|row| row.last == row.code).map(error_row);
    let ranges = rows.iter().filter(|row| row.last != row.code).map(error_row);
    let module_doc = format!(" {doc}");
    let doc = format!(" {doc}");
    quote! {
        #![doc = #module_doc]

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

/// The rules of several providers, each as a static of its name.
pub fn rules(tables: &[(&str, &str, Rules)]) -> TokenStream {
    let statics = tables.iter().map(|(name, doc, rules)| {
        let name = ident(name);
        let doc = format!(" {doc}");
        let classes = rules.classes.iter().map(image_class);
        let Rules { name_chars, name_extension, name_source, .. } = rules;
        let name_evidence = ident(rules.name_evidence);
        let cases = rules.cases.iter().map(case_rule);
        let advice = rules.advice.iter().map(advice);
        let images_per_album = option(rules.images_per_album.map(|images| quote!(#images)));
        quote! {
            #[doc = #doc]
            pub(crate) static #name: Rules = Rules {
                classes: &[#(#classes),*],
                name: NameRule {
                    max_chars: #name_chars,
                    extension_required: #name_extension,
                    evidence: Evidence::#name_evidence,
                    source: #name_source,
                },
                images_per_album: #images_per_album,
                cases: &[#(#cases),*],
                advice: &[#(#advice),*],
            };
        }
    });
    let of = |used: bool, names: TokenStream| if used { names } else { TokenStream::new() };
    let advice = of(tables.iter().any(|(_, _, rules)| !rules.advice.is_empty()), quote!(Advice,));
    let cases = of(tables.iter().any(|(_, _, rules)| !rules.cases.is_empty()), quote!(Case, CaseRule,));
    quote! {
        //! What each provider accepts as an image.

        use polyptych_domain::{#advice #cases Evidence, Format, ImageClass, NameRule, Pixels, Rules, SizeRule};

        #(#statics)*
    }
}

fn case_rule(row: &Case) -> TokenStream {
    let [case, evidence] = [row.case, row.evidence].map(ident);
    let Case { accepted, source, .. } = row;
    quote!(CaseRule { case: Case::#case, accepted: #accepted, evidence: Evidence::#evidence, source: #source })
}

fn advice(row: &Advice) -> TokenStream {
    let Advice { place, min, ratio: [(low, below), (high, under)], source, .. } = row;
    let (min, evidence) = (pixels(min), ident(row.evidence));
    quote! {
        Advice {
            place: #place,
            min: #min,
            min_ratio: #low / #below,
            max_ratio: #high / #under,
            evidence: Evidence::#evidence,
            source: #source,
        }
    }
}

fn image_class(class: &Class) -> TokenStream {
    let Class { name, max_bytes, automatic, source, .. } = class;
    let formats = class.formats.iter().map(|format| ident(format));
    let evidence = ident(class.evidence);
    let size = match &class.size {
        Size::Any => quote!(SizeRule::Any),
        Size::Exact(sizes) => {
            let sizes = sizes.iter().map(pixels);
            quote!(SizeRule::Exact(&[#(#sizes),*]))
        }
        Size::Range { min, max, ratio: [(low, below), (high, under)] } => {
            let (min, max) = (pixels(min), pixels(max));
            quote!(SizeRule::Range { min: #min, max: #max, min_ratio: #low / #below, max_ratio: #high / #under })
        }
    };
    quote! {
        ImageClass {
            name: #name,
            formats: &[#(Format::#formats),*],
            size: #size,
            max_bytes: #max_bytes,
            automatic: #automatic,
            evidence: Evidence::#evidence,
            source: #source,
        }
    }
}

fn pixels((width, height): &(u32, u32)) -> TokenStream {
    quote!(Pixels { width: #width, height: #height })
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(Some(#value)),
        None => quote!(None),
    }
}

fn ident(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
