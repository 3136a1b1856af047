//! One picture and one library: upload, find it in the list, read it, delete it, see that it is gone.

use futures_util::stream;
use polyptych::proto::v1;
use tonic::transport::Channel;
use tonic::{Code, Status};
use v1::image_service_client::ImageServiceClient;
use v1::upload_image_request::Payload;

use super::picture::Picture;

const CHUNK: usize = 128 * 1024;
const PAGE: i32 = 1000;

/// What happened.
pub(super) struct Round {
    pub(super) library: v1::Library,
    pub(super) uploaded: Option<v1::UploadImageResponse>,
    pub(super) result: Result<(), String>,
}

impl Round {
    pub(super) fn held(&self) -> bool {
        self.result.is_ok()
    }
}

/// Plays the round; a failed step ends it and is told in the result.
pub(super) async fn play(channel: Channel, library: v1::Library, picture: Picture) -> Round {
    let mut images = ImageServiceClient::new(channel);
    let uploaded = match upload(&mut images, &library, &picture).await {
        Ok(uploaded) => uploaded,
        Err(status) => {
            return Round { library, uploaded: None, result: Err(format!("upload: {}", told(&status))) };
        }
    };
    let name = uploaded.image.as_ref().map(|image| image.name.clone()).unwrap_or_default();
    let result = take_back(&mut images, &library, &name).await;
    Round { library, uploaded: Some(uploaded), result }
}

async fn upload(
    images: &mut ImageServiceClient<Channel>,
    library: &v1::Library,
    picture: &Picture,
) -> Result<v1::UploadImageResponse, Status> {
    let metadata = v1::UploadImageMetadata {
        parent: library.name.clone(),
        display_name: picture.name.clone(),
        fit: Some(v1::Fit { mode: Some(v1::fit::Mode::Contain(v1::fit::Contain::default())), ..Default::default() }),
        ..Default::default()
    };
    let message = |payload| v1::UploadImageRequest { payload: Some(payload) };
    let bytes = picture.bytes.clone();
    let chunks = (0..bytes.len()).step_by(CHUNK).map(move |start| {
        let end = bytes.len().min(start + CHUNK);
        message(Payload::Chunk(bytes.slice(start..end)))
    });
    let messages: Vec<_> = std::iter::once(message(Payload::Metadata(metadata))).chain(chunks).collect();
    Ok(images.upload_image(stream::iter(messages)).await?.into_inner())
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
    let delete = v1::DeleteImageRequest { name: name.to_owned() };
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
