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

    #[test]
    fn none_two_and_nameless_images_are_no_single_image() {
        assert_eq!(hash_in("{}"), None);
        assert_eq!(hash_in(r#"{"a":{"hash":"1"},"b":{"hash":"2"}}"#), None);
        assert_eq!(hash_in(r#"{"a":{"url":"https://example.com/1"}}"#), None);
    }
}
