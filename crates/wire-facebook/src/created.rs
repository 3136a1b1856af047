//! What an upload answers: a map whose keys cannot be relied on.

use crate::{CreatedAdImage, CreatedAdImages};

impl CreatedAdImages {
    /// The image of an upload of one file, whatever its key: the file name, `bytes` or, in older versions, the hash.
    ///
    /// Absent if the answer holds no image or several, or if the one has no hash; it may have been stored all the same.
    pub fn into_single(self) -> Option<CreatedAdImage> {
        let mut images = self.images.into_values();
        let image = images.next().filter(|image| image.hash.as_deref().is_some_and(|hash| !hash.is_empty()))?;
        images.next().is_none().then_some(image)
    }

    /// The images of an upload of several files, in the order of `file_names`, those that were sent.
    ///
    /// An image is found by its key, else by its `name`; a single one that is left over belongs to the single file that
    /// is. `None` where the answer does not tell which image a file became, as for two files of one name: the map keeps
    /// one of them. It may have been stored all the same.
    pub fn in_order<'n>(&self, file_names: impl IntoIterator<Item = &'n str>) -> Vec<Option<&CreatedAdImage>> {
        let names: Vec<&str> = file_names.into_iter().collect();
        let unique = |name: &str| names.iter().filter(|other| **other == name).count() == 1;
        let mut found: Vec<_> = names.iter().map(|name| self.by_name(name).filter(|_| unique(name))).collect();
        let taken: Vec<&str> = found.iter().flatten().map(|(key, _)| *key).collect();
        let mut left = self.images.iter().filter(|(key, _)| !taken.contains(&key.as_str()));
        let mut missing = found.iter_mut().filter(|found| found.is_none());
        if let (Some((key, image)), None, Some(place), None) =
            (left.next(), left.next(), missing.next(), missing.next())
        {
            *place = Some((key, image));
        }
        found.into_iter().map(|found| found.map(|(_, image)| image)).collect()
    }

    /// The image of a file and its key: by the key, else by the only image of that name.
    fn by_name(&self, file_name: &str) -> Option<(&str, &CreatedAdImage)> {
        if let Some((key, image)) = self.images.get_key_value(file_name) {
            return Some((key, image));
        }
        let mut named = self.images.iter().filter(|(_, image)| image.name.as_deref() == Some(file_name));
        let (key, image) = named.next()?;
        named.next().is_none().then_some((key, image))
    }
}

#[cfg(test)]
mod tests {
    use crate::CreatedAdImages;

    fn hash_in(images: &str) -> Option<String> {
        let answer: CreatedAdImages = serde_json::from_str(&format!(r#"{{"images":{images}}}"#)).unwrap();
        Some(answer.into_single()?.hash?.to_string())
    }

    #[test]
    fn the_only_image_is_taken_whatever_its_key() {
        for key in ["bytes", "cat.png", "4f9914935a345227409b2cc7f811928c"] {
            assert_eq!(hash_in(&format!(r#"{{"{key}":{{"hash":"h"}}}}"#)).as_deref(), Some("h"));
        }
    }

    fn in_order(images: &str, names: &[&str]) -> Vec<Option<String>> {
        let answer: CreatedAdImages = serde_json::from_str(&format!(r#"{{"images":{images}}}"#)).unwrap();
        let hash = |image: Option<&crate::CreatedAdImage>| Some(image?.hash.as_ref()?.to_string());
        answer.in_order(names.iter().copied()).into_iter().map(hash).collect()
    }

    #[test]
    fn several_images_come_in_the_order_of_their_files() {
        let some = |hash: &str| Some(hash.to_owned());
        let keyed = r#"{"a.png":{"hash":"1"},"b.png":{"hash":"2"}}"#;
        assert_eq!(in_order(keyed, &["b.png", "a.png"]), [some("2"), some("1")]);
        let by_hash = r#"{"1":{"hash":"1","name":"a.png"},"2":{"hash":"2","name":"b.png"}}"#;
        assert_eq!(in_order(by_hash, &["b.png", "a.png"]), [some("2"), some("1")]);
        let one_renamed = r#"{"a.png":{"hash":"1"},"b_.png":{"hash":"2"}}"#;
        assert_eq!(in_order(one_renamed, &["b.png", "a.png"]), [some("2"), some("1")]);
        assert_eq!(in_order(keyed, &[]), []);
    }

    #[test]
    fn an_image_is_not_guessed() {
        let renamed = r#"{"x":{"hash":"1"},"y":{"hash":"2"}}"#;
        assert_eq!(in_order(renamed, &["a.png", "b.png"]), [None, None]);
        assert_eq!(in_order(r#"{"a.png":{"hash":"1"}}"#, &["a.png", "a.png"]), [None, None]);
        let one_name = r#"{"1":{"hash":"1","name":"a"},"2":{"hash":"2","name":"a"}}"#;
        assert_eq!(in_order(one_name, &["a", "b"]), [None, None]);
    }

    #[test]
    fn none_two_and_nameless_images_are_no_single_image() {
        assert_eq!(hash_in("{}"), None);
        assert_eq!(hash_in(r#"{"a":{"hash":"1"},"b":{"hash":"2"}}"#), None);
        assert_eq!(hash_in(r#"{"a":{"url":"https://example.com/1"}}"#), None);
    }
}
