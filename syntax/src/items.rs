//! Going on behind a syntax error: the text is cut into items, and those that parse are kept, so that the
//! findings about them come with the error.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// What a text with syntax errors still holds.
pub(crate) struct Salvage {
    pub(crate) file: syn::File,
    pub(crate) errors: Vec<syn::Error>,
    /// The names that items with errors would have defined.
    pub(crate) lost: Vec<Ident>,
}

/// Parses item by item.
pub(crate) fn salvage(tokens: TokenStream) -> Salvage {
    let file = syn::File { shebang: None, attrs: Vec::new(), items: Vec::new() };
    let mut salvage = Salvage { file, errors: Vec::new(), lost: Vec::new() };
    for item in cut(tokens) {
        let name = defined_name(&item);
        match syn::parse2::<syn::File>(item) {
            Ok(part) => {
                salvage.file.attrs.extend(part.attrs);
                salvage.file.items.extend(part.items);
            }
            Err(error) => {
                salvage.errors.push(error);
                salvage.lost.extend(name);
            }
        }
    }
    salvage
}

/// Cuts behind the body of a `fn`, behind the `;` of a `const` or `use`, and behind either for the rest.
fn cut(tokens: TokenStream) -> Vec<TokenStream> {
    let mut items = Vec::new();
    let mut item: Vec<TokenTree> = Vec::new();
    let (mut has_body, mut has_semicolon) = (false, false);
    for token in tokens {
        let ends = match &token {
            TokenTree::Ident(word) if *word == "fn" => {
                (has_body, has_semicolon) = (true, false);
                false
            }
            TokenTree::Ident(word) if !has_body && ["const", "static", "use", "type"].iter().any(|w| word == w) => {
                has_semicolon = true;
                false
            }
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace && !has_semicolon,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        item.push(token);
        if ends {
            items.push(item.drain(..).collect());
            (has_body, has_semicolon) = (false, false);
        }
    }
    if !item.is_empty() {
        items.push(item.into_iter().collect());
    }
    items
}

/// The word behind `fn` or `const`.
fn defined_name(item: &TokenStream) -> Option<Ident> {
    let mut tokens = item.clone().into_iter();
    let mut name = None;
    while let Some(token) = tokens.next() {
        if matches!(&token, TokenTree::Ident(word) if *word == "fn" || *word == "const")
            && let Some(TokenTree::Ident(word)) = tokens.next()
        {
            name = Some(word);
        }
    }
    name
}
