//! Messages of the Yandex APIs in English and Russian. Texts that were recorded or published are marked; the others are
//! the emulator's own wording (v5 reference 13.12, Live 4 reference 11.5), and clients must not depend on them.

/// The language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Russian,
}

impl Language {
    /// From an `Accept-Language` header or a Live 4 `locale`; anything but Russian is English.
    pub(crate) fn of(asked: &str) -> Self {
        let first = asked.split([',', ';', '-', '_']).next().unwrap_or_default().trim();
        if first.eq_ignore_ascii_case("ru") { Self::Russian } else { Self::English }
    }
}

/// A text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text {
    en: &'static str,
    ru: &'static str,
}

impl Text {
    pub(crate) const fn new(en: &'static str, ru: &'static str) -> Self {
        Self { en, ru }
    }

    /// The text in one language.
    pub(crate) fn in_(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Russian => self.ru,
        }
    }
}

/// Messages by error code.
const MESSAGES: [(i64, Text); 44] = [
    (8, Text::new("Invalid limits", "Неверные ограничения")), // published, English
    (9, Text::new("This field must be an array", "Это поле должно быть массивом")),
    (18, Text::new("Invalid offset", "Неверное смещение")), // published, English
    (52, Text::new("Authorization server temporarily unavailable", "Сервер авторизации временно недоступен")), // published, English
    (53, Text::new("Authorization error", "Ошибка авторизации")), // published, English
    (54, Text::new("No rights", "Нет прав")),                     // published, English
    (55, Text::new("Operation not found", "Операция не найдена")),
    (56, Text::new("Method call limit exceeded", "Превышен лимит вызовов метода")),
    (
        57,
        Text::new("Limit of simultaneous calls of the method exceeded", "Превышен лимит одновременных вызовов метода"),
    ),
    (58, Text::new("Incomplete registration", "Незавершенная регистрация")), // published, English
    (71, Text::new("Invalid request parameters", "Неверные параметры запроса")), // recorded by others, English
    (80, Text::new("The image cannot be deleted", "Изображение нельзя удалить")),
    (152, Text::new("Not enough points", "Недостаточно баллов")),
    // Russian published by others.
    (
        156,
        Text::new(
            "Archived campaigns and ads cannot be changed",
            "Не позволяется изменение архивных кампаний или объявлений",
        ),
    ),
    (271, Text::new("Image not found", "Изображение не найдено")),
    (500, Text::new("Internal server error", "Внутренняя ошибка сервера")), // recorded, English
    (503, Text::new("Service temporarily unavailable", "Сервис временно недоступен")),
    (504, Text::new("Planned maintenance", "Плановые технические работы")),
    (506, Text::new("Connection limit exceeded", "Превышено ограничение на количество соединений")),
    (513, Text::new("Login is not connected to Yandex Direct", "Логин не подключен к Яндекс Директу")),
    (1000, Text::new("The service is temporarily unavailable", "Сервис временно недоступен")), // recorded, English
    (1001, Text::new("Service initialization error", "Ошибка инициализации сервиса")),         // published, English
    (1002, Text::new("Operation error", "Ошибка операции")),                                   // published, English
    (1020, Text::new("Internal server error", "Внутренняя ошибка сервера")),                   // published, English
    (3000, Text::new("No access to the API", "Нет доступа к API")),
    (3001, Text::new("No access to the method", "Нет доступа к методу")),
    (4000, Text::new("Request parameters are wrong", "Неверные параметры запроса")),
    (4001, Text::new("Invalid SelectionCriteria", "Неверно заданы условия отбора")),
    (4002, Text::new("Invalid page parameters", "Неверные параметры страницы")),
    (
        4003,
        Text::new("None of the alternative parameters is given", "Не задан ни один из взаимоисключающих параметров"),
    ),
    (
        4004,
        Text::new("More than one alternative parameter is given", "Задано более одного взаимоисключающего параметра"),
    ),
    (5000, Text::new("Required field is empty", "Не заполнено обязательное поле")),
    (5001, Text::new("Maximum length exceeded", "Превышена максимальная длина")),
    (5002, Text::new("Invalid characters", "Недопустимые символы")),
    (5003, Text::new("Empty value", "Пустое значение")),
    (5004, Text::new("Invalid format", "Неверный формат")), // recorded, English
    (5010, Text::new("Allowed file size exceeded", "Превышен допустимый размер файла")), // measured, Russian
    (7000, Text::new("Number of items is exceeded or zero", "Количество элементов превышено или равно нулю")),
    (7001, Text::new("Maximum number of objects reached", "Достигнуто максимальное количество объектов")),
    (8000, Text::new("Invalid request", "Некорректный запрос")), // recorded, English
    (8301, Text::new("Unable to delete the object", "Невозможно удалить объект")), // measured, Russian
    (8800, Text::new("Object not found", "Объект не найден")),   // published, English
    (9300, Text::new("Too many objects in one request", "Слишком много объектов в одном запросе")),
    (9800, Text::new("Object may not appear more than once", "Объект не может присутствовать более одного раза")),
];

/// The message of error 52 in Live 4; English recorded.
pub(crate) const LOGIN_UNAVAILABLE: Text = Text::new("Login temporarily unavailable", "Логин временно недоступен");
/// Details of a file that is no GIF, JPEG or PNG: English recorded, Russian measured.
pub(crate) const FILE_TYPE: Text = Text::new(
    "Invalid image file type, please use the GIF, JPEG or PNG formats",
    "Недопустимый тип файла изображения, используйте графические форматы GIF, JPEG, PNG",
);
/// Details of wrong pixel sizes: Russian measured.
pub(crate) const PIXEL_SIZE: Text = Text::new("Invalid image size", "Размер изображения некорректен");
/// Details of a file above 10 MB: Russian measured.
pub(crate) const FILE_SIZE: Text =
    Text::new("The image file is larger than allowed (10 MB)", "Размер файла изображения больше допустимого (10 МБ)");
/// Details of a fixed-size picture above 512 KB.
pub(crate) const FIXED_FILE_SIZE: Text =
    Text::new("The image file is larger than allowed (512 KB)", "Размер файла изображения больше допустимого (512 КБ)");
/// Details of the image quota.
pub(crate) const QUOTA: Text = Text::new("The advertiser's library is full", "Библиотека рекламодателя заполнена");
/// Details of an image that an ad shows: Russian measured.
pub(crate) const BOUND: Text =
    Text::new("The image is bound to an ad and cannot be deleted", "Невозможно удалить привязанное изображение");
/// Details of a picture on a host that the emulator was not told of.
pub(crate) const HOST_NOT_GIVEN: Text = Text::new(
    "The emulator fetches pictures only from itself and from the hosts it was given",
    "Эмулятор загружает изображения только со своего адреса и с указанных ему хостов",
);
/// Details of a picture behind TLS.
pub(crate) const NOT_PLAIN_HTTP: Text = Text::new(
    "The emulator fetches pictures over plain HTTP only",
    "Эмулятор загружает изображения только по протоколу HTTP без шифрования",
);
/// Details of a picture whose address gives no usable answer.
pub(crate) const NOT_FETCHED: Text =
    Text::new("The image could not be downloaded from the URL", "Не удалось загрузить изображение по указанной ссылке");
/// Details of a picture that does not arrive in time.
pub(crate) const FETCH_TIMEOUT: Text = Text::new(
    "The image could not be downloaded from the URL in time",
    "Изображение не удалось загрузить по указанной ссылке за отведённое время",
);
/// Details of the emulator's own cap.
pub(crate) const MEMORY: Text = Text::new(
    "The emulator holds as many bytes of pictures as it was allowed to",
    "Эмулятор уже хранит столько байтов изображений, сколько ему разрешено",
);

/// The message of an error code; empty for a code that the emulator never gives.
pub(crate) fn message(code: i64, language: Language) -> &'static str {
    let found = MESSAGES.iter().find(|(known, _)| *known == code);
    found.map_or("", |(_, text)| text.in_(language))
}
