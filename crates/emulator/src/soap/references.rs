//! Multi-reference values of rpc/encoded SOAP: `href="#id0"` stands for the element with `id="id0"`. Some toolkits
//! write every structure that way, others only a value used twice. What is copied is bounded.

use std::collections::HashMap;

use super::read::{BadXml, Element};

/// How deep references may lead.
const DEEPEST: usize = 32;

/// Puts the referred elements in place of the references below `element`; `targets` are found anywhere below `roots`.
///
/// # Errors
/// When a reference leads nowhere, in a circle, or the copies pass `most_bytes` of text.
pub(crate) fn resolve(element: &mut Element, roots: &[Element], most_bytes: usize) -> Result<(), BadXml> {
    let mut targets = HashMap::new();
    for root in roots {
        collect(root, &mut targets);
    }
    let mut left = most_bytes;
    replace(element, &targets, DEEPEST, &mut left)
}

fn collect<'a>(element: &'a Element, targets: &mut HashMap<&'a str, &'a Element>) {
    if let Some(id) = &element.id {
        targets.insert(id, element);
    }
    for child in &element.children {
        collect(child, targets);
    }
}

fn replace(
    element: &mut Element,
    targets: &HashMap<&str, &Element>,
    depth: usize,
    left: &mut usize,
) -> Result<(), BadXml> {
    if let Some(href) = element.href.take() {
        let target = targets.get(href.as_str()).ok_or(BadXml("a SOAP reference leads nowhere"))?;
        *left = left.checked_sub(size(target)).ok_or(BadXml("the SOAP references copy too much"))?;
        element.nil = target.nil;
        element.href = target.href.clone();
        element.text = target.text.clone();
        element.children = target.children.clone();
        let depth = depth.checked_sub(1).ok_or(BadXml("the SOAP references lead too deep"))?;
        return replace(element, targets, depth, left);
    }
    element.children.iter_mut().try_for_each(|child| replace(child, targets, depth, left))
}

fn size(element: &Element) -> usize {
    // An element costs something even without text, so that empty ones cannot be copied without end.
    64 + element.text.len() + element.children.iter().map(size).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::super::read::parse;
    use super::*;

    #[test]
    fn references_are_followed_and_circles_refused() {
        let body = parse(
            b"<b><m><p href='#1'/></m><multiRef id='1'><x href='#2'/></multiRef><multiRef id='2'>t</multiRef></b>",
        );
        let body = body.unwrap();
        let mut call = body.children[0].clone();
        resolve(&mut call, &body.children, 10_000).unwrap();
        assert_eq!(call.children[0].children[0].text, "t");
        let body = parse(b"<b><m href='#1'/><r id='1'><x href='#1'/></r></b>").unwrap();
        let mut call = body.children[0].clone();
        assert!(resolve(&mut call, &body.children, 1_000_000).is_err());
    }
}
