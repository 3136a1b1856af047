//! One library after a picture was published to it: find the picture in the list, read it, delete it, see that it is gone.

use polyptych::proto::v1;
use tonic::transport::Channel;
use tonic::{Code, Status};
use v1::image_service_client::ImageServiceClient;

const PAGE: i32 = 1000;

/// What happened.
pub(super) struct Round {
    pub(super) library: v1::Library,
    pub(super) published: Option<v1::UploadImageResponse>,
    pub(super) result: Result<(), String>,
}

impl Round {
    pub(super) fn held(&self) -> bool {
        self.result.is_ok()
    }
}

/// Plays the round; a failed step ends it and is told in the result.
pub(super) async fn play(
    channel: Channel,
    library: v1::Library,
    published: Result<v1::UploadImageResponse, String>,
) -> Round {
    let published = match published {
        Ok(published) => published,
        Err(error) => return Round { library, published: None, result: Err(format!("publish: {error}")) },
    };
    let name = published.image.as_ref().map(|image| image.name.clone()).unwrap_or_default();
    let result = take_back(&mut ImageServiceClient::new(channel), &library, &name).await;
    Round { library, published: Some(published), result }
}

async fn take_back(images: &mut ImageServiceClient<Channel>, library: &v1::Library, name: &str) -> Result<(), String> {
    if !listed(images, library, name).await.map_err(|status| format!("list: {}", told(&status)))? {
        return Err("list: the image is not in the list".to_owned());
    }
    let get = v1::GetImageRequest { name: name.to_owned() };
    let found = images.get_image(get.clone()).await.map_err(|status| format!("get: {}", told(&status)))?;
    if found.get_ref().name != name {
        return Err(format!("get: answered with {}", found.get_ref().name));
    }
    let delete = v1::DeleteImageRequest { name: name.to_owned(), ..Default::default() };
    images.delete_image(delete).await.map_err(|status| format!("delete: {}", told(&status)))?;
    match images.get_image(get).await {
        Err(status) if status.code() == Code::NotFound => Ok(()),
        Err(status) => Err(format!("get after delete: {}", told(&status))),
        Ok(_) => Err("get after delete: the image is still there".to_owned()),
    }
}

async fn listed(images: &mut ImageServiceClient<Channel>, library: &v1::Library, name: &str) -> Result<bool, Status> {
    let mut page_token = String::new();
    loop {
        let request = v1::ListImagesRequest { parent: library.name.clone(), page_size: PAGE, page_token };
        let page = images.list_images(request).await?.into_inner();
        if page.images.iter().any(|image| image.name == name) {
            return Ok(true);
        }
        if page.next_page_token.is_empty() {
            return Ok(false);
        }
        page_token = page.next_page_token;
    }
}

fn told(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}
