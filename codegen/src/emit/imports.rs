//! Which names of the runtime a module uses, by its tokens: words of documentation and of literals do not count.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use super::shape::ident;

/// `use` items for those of `names`, by the path that they come from, that `tokens` use unqualified.
pub(super) fn imports(tokens: &TokenStream, names: &[(&str, &[&str])]) -> TokenStream {
    let mut used = BTreeSet::new();
    collect(tokens.clone(), &mut used);
    let mut imports = TokenStream::new();
    for (path, names) in names {
        let used: Vec<_> = names.iter().filter(|name| used.contains(**name)).map(|name| ident(name)).collect();
        let path: Vec<_> = path.split("::").map(ident).collect();
        if !used.is_empty() {
            imports.extend(quote!(use #(#path)::*::{#(#used),*};));
        }
    }
    imports
}

/// Every word that starts a path. A module is one only before `::`, as a member may be called the same; a type is one
/// unless a literal is assigned to it, as to the variant of an open enum.
fn collect(tokens: TokenStream, used: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |index: usize, mark: char| matches!(tokens.get(index), Some(TokenTree::Punct(punct)) if punct.as_char() == mark);
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => collect(group.stream(), used),
            TokenTree::Ident(word) if !(index > 0 && is(index - 1, ':') && index > 1 && is(index - 2, ':')) => {
                let word = word.to_string();
                let module = word.starts_with(|c: char| c.is_ascii_lowercase());
                let opens_path = is(index + 1, ':') && is(index + 2, ':');
                let variant = is(index + 1, '=') && matches!(tokens.get(index + 2), Some(TokenTree::Literal(_)));
                if if module { opens_path } else { !variant } {
                    used.insert(word);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_start_paths_are_imported() {
        let names: &[(&str, &[&str])] = &[("a::b", &["Body", "Method", "Query", "Header", "query", "header"])];
        let tokens = quote! {
            #[doc = "Body and query::x"]
            pub enum E { Method = "METHOD" }
            fn f(self) { self.query; Method2; ::http::Header; query::encode(Query::new()) }
        };
        assert_eq!(
            imports(&tokens, names).to_string(),
            quote!(
                use a::b::{Query, query};
            )
            .to_string()
        );
    }
}
