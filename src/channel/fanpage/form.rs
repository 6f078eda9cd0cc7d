//! What people fill in.

use crate::channel::form::{Field, Input};
use crate::text;

const TRANSPORT: &str = "transport";
const WEBHOOK: &str = "webhook";
const GRAPH: &str = "graph";

pub(super) const FIELDS: &[Field] = &[
    Field::new(
        TRANSPORT,
        Input::Choice(&[
            (WEBHOOK, || {
                text!("một nơi nhận đăng giúp, qua webhook có chữ ký", "a receiver posts, over a signed webhook")
            }),
            (GRAPH, || text!("đăng thẳng lên Facebook qua Graph API", "straight to Facebook over the Graph API")),
        ]),
        || text!("Cách đăng", "How posts get there"),
        || text!("không chọn thì qua webhook", "unless chosen, over a webhook"),
    ),
    Field::new(
        "url",
        Input::Line,
        || text!("Địa chỉ webhook", "Address of the webhook"),
        || text!("nơi nhận đăng bài giúp cơ quan", "the receiver that posts for the office"),
    )
    .required()
    .only(TRANSPORT, WEBHOOK),
    Field::new(
        "secret",
        Input::Secret,
        || text!("Khóa ký webhook", "Signing key of the webhook"),
        || text!("dạng whsec_…; nơi nhận cho biết", "of the form whsec_…; the receiver tells it"),
    )
    .required()
    .only(TRANSPORT, WEBHOOK),
    Field::new(
        "receiver_honours_id",
        Input::YesNo,
        || text!("Nơi nhận bỏ qua bản lặp", "The receiver leaves out repeats"),
        || text!("bình thường là có: theo webhook-id", "usually yes: by webhook-id"),
    )
    .only(TRANSPORT, WEBHOOK),
    Field::new(
        "page_id",
        Input::Line,
        || text!("ID trang", "Page id"),
        || text!("Trang → Giới thiệu → Tính minh bạch của Trang", "the Page → About → Page transparency"),
    )
    .required()
    .only(TRANSPORT, GRAPH),
    Field::new(
        "access_token",
        Input::Secret,
        || text!("Mã truy cập của Trang", "The Page's access token"),
        || {
            text!(
                "mã của Trang, không phải của người dùng; hết hạn thì dán mã mới vào đây",
                "the Page's, not a user's; when it ends, paste a new one here"
            )
        },
    )
    .required()
    .only(TRANSPORT, GRAPH),
    Field::new(
        "app_id",
        Input::Line,
        || text!("ID ứng dụng", "App id"),
        || text!("để loa biết mã còn hạn đến ngày nào", "lets loa know until when the token holds"),
    )
    .only(TRANSPORT, GRAPH),
    Field::new(
        "app_secret",
        Input::Secret,
        || text!("Khóa bí mật của ứng dụng", "App secret"),
        || text!("bắt buộc nếu ứng dụng bật Require app secret", "needed where the app has Require app secret on"),
    )
    .only(TRANSPORT, GRAPH),
    Field::new(
        "graph_version",
        Input::Line,
        || text!("Phiên bản Graph API", "Version of the Graph API"),
        || text!("ví dụ v26.0; mỗi phiên bản dùng được khoảng hai năm", "such as v26.0; each lasts about two years"),
    )
    .only(TRANSPORT, GRAPH),
    Field::new(
        "most_photos",
        Input::Number,
        || text!("Số ảnh tối đa", "Most pictures"),
        || text!("của một bài, 0 đến 10", "in one post, 0 to 10"),
    )
    .only(TRANSPORT, GRAPH),
    Field::new(
        "base_url",
        Input::Line,
        || text!("Địa chỉ Graph API", "Address of the Graph API"),
        || text!("chỉ đổi khi thử nghiệm", "changed for trials only"),
    )
    .only(TRANSPORT, GRAPH),
    Field::new(
        "text_limit",
        Input::Number,
        || text!("Số ký tự tối đa", "Longest text"),
        || text!("của một bài đăng", "of one post, in characters"),
    ),
    Field::new(
        "hashtags",
        Input::YesNo,
        || text!("Tạo hashtag từ chủ đề", "Hashtags from topics"),
        || text!("bình thường là có", "usually yes"),
    ),
    Field::new(
        "images",
        Input::YesNo,
        || text!("Gửi kèm ảnh", "With pictures"),
        || text!("bình thường là có", "usually yes"),
    ),
];
