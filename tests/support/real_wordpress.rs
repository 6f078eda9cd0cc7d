//! A real WordPress on loopback: Debian's files read where they lie, a database of its own in a temporary folder, PHP's
//! own server. Everything ends when it is dropped, after a panic too.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::process::eventually;

/// Constants of `wp-config.php`; nothing outside the folder is written, nothing outside this machine is called.
const CONFIG: &str = r"<?php
$home = __DIR__;
$site = getenv('LOA_SITE');
foreach ([
    'ABSPATH' => '/usr/share/wordpress/', 'WP_CONTENT_DIR' => $home . '/content',
    'DB_NAME' => 'wordpress', 'DB_USER' => 'root', 'DB_PASSWORD' => '',
    'DB_HOST' => 'localhost:' . $home . '/db.sock', 'DB_CHARSET' => 'utf8mb4', 'DB_COLLATE' => '',
    'WP_HOME' => $site, 'WP_SITEURL' => $site, 'WP_ENVIRONMENT_TYPE' => 'local',
    'DISABLE_WP_CRON' => true, 'WP_HTTP_BLOCK_EXTERNAL' => true, 'AUTOMATIC_UPDATER_DISABLED' => true,
    'AUTH_KEY' => 'a', 'SECURE_AUTH_KEY' => 'b', 'LOGGED_IN_KEY' => 'c', 'NONCE_KEY' => 'd',
    'AUTH_SALT' => 'e', 'SECURE_AUTH_SALT' => 'f', 'LOGGED_IN_SALT' => 'g', 'NONCE_SALT' => 'h',
] as $name => $value) { define($name, $value); }
$table_prefix = 'wp_';
";

/// Answers every request as Apache's `index.php` would.
const ROUTER: &str = r"<?php
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
require __DIR__ . '/config.php';
require ABSPATH . 'wp-settings.php';
define('WP_USE_THEMES', true);
wp();
require ABSPATH . WPINC . '/template-loader.php';
";

/// Before every script that a test runs in the site's name.
const PRELUDE: &str = r"<?php
$_SERVER['HTTP_HOST'] = '127.0.0.1';
$_SERVER['PHP_SELF'] = '/index.php';
$_SERVER['REQUEST_URI'] = '/';
";

const INSTALL: &str = r"
$db = new mysqli('localhost', 'root', '', '', 0, __DIR__ . '/db.sock');
$db->query('CREATE DATABASE wordpress CHARACTER SET utf8mb4');
function wp_mail() { return true; }
define('WP_INSTALLING', true);
require __DIR__ . '/config.php';
require ABSPATH . 'wp-settings.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Xã An Bình', 'quantri', 'quantri@example.vn', false, '', wp_generate_password());
update_option('permalink_structure', getenv('LOA_PERMALINKS'));
update_option('timezone_string', 'Asia/Ho_Chi_Minh');
switch_theme('loa');
wp_delete_post(1, true);
wp_insert_user(['user_login' => 'loa', 'user_pass' => wp_generate_password(), 'role' => 'editor',
    'user_email' => 'loa@example.vn']);
";

/// While there is a file `slow`, every answer to a written post comes late.
const SLOW: &str = r"<?php
add_action('rest_after_insert_post', function () {
    for ($i = 0; $i < 600 && file_exists(WP_CONTENT_DIR . '/slow'); $i++) { usleep(50000); clearstatcache(); }
});
";

/// The running site.
pub(crate) struct RealWordPress {
    // In this order: PHP ends before its database, the folder goes last.
    php: Option<Running>,
    _database: Running,
    folder: TempDir,
    port: u16,
    permalinks: &'static str,
}

/// A process with its children; killed when dropped.
struct Running(Child);

impl Running {
    /// In a group of its own: PHP's server has workers.
    fn start(command: &mut Command) -> Self {
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().expect("a process starts"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        drop(Command::new("sh").args(["-c", "kill -KILL -\"$0\"", &self.0.id().to_string()]).status());
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl RealWordPress {
    /// Installs a site with readable addresses, or with plain ones, and serves it.
    pub(crate) fn start(permalinks: bool) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path();
        for (name, text) in [("config.php", CONFIG), ("router.php", ROUTER), ("prelude.php", PRELUDE)] {
            std::fs::write(home.join(name), text).expect("a file");
        }
        let theme = home.join("content/themes/loa");
        std::fs::create_dir_all(&theme).expect("a theme");
        std::fs::create_dir_all(home.join("content/uploads")).expect("a folder for pictures");
        std::fs::write(theme.join("style.css"), "/* Theme Name: loa */").expect("a file");
        let plugins = home.join("content/mu-plugins");
        std::fs::create_dir_all(&plugins).expect("a folder for plugins");
        std::fs::write(plugins.join("slow.php"), SLOW).expect("a plugin");
        let loop_ = "<?php while (have_posts()) { the_post(); the_title(); the_content(); }";
        std::fs::write(theme.join("index.php"), loop_).expect("a file");
        let database = database(home);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its number").port();
        drop(listener);
        let permalinks = if permalinks { "/%postname%/" } else { "" };
        let mut site = Self { php: None, _database: database, folder, port, permalinks };
        site.script(INSTALL);
        site.serve();
        site
    }

    /// `http://127.0.0.1:port`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn home(&self) -> &Path {
        self.folder.path()
    }

    fn log(&self) -> PathBuf {
        self.home().join("php.log")
    }

    /// Serves, on the same port as before.
    pub(crate) fn serve(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.log()).expect("a log file");
        let mut command = Command::new("php");
        command
            .args(["-d", "display_errors=0", "-S", &format!("127.0.0.1:{}", self.port), "router.php"])
            .current_dir(self.home())
            .env("PHP_CLI_SERVER_WORKERS", "3")
            .env("LOA_SITE", self.url())
            .stderr(log);
        self.php = Some(Running::start(&mut command));
        let port = self.port;
        eventually("PHP's server listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
    }

    /// From now on posts are written and their answers withheld, or no longer.
    pub(crate) fn withhold(&self, on: bool) {
        let slow = self.home().join("content/slow");
        if on {
            std::fs::write(slow, "").expect("a file");
        } else {
            std::fs::remove_file(slow).expect("the file is there");
        }
    }

    /// Kills the web server, in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.php = None;
    }

    /// Runs PHP with WordPress loaded and returns what it prints.
    pub(crate) fn php(&self, code: &str) -> String {
        self.script(&format!("require __DIR__ . '/config.php';\nrequire ABSPATH . 'wp-settings.php';\n{code}"))
    }

    fn script(&self, code: &str) -> String {
        let file = self.home().join("script.php");
        std::fs::write(&file, format!("{PRELUDE}{code}")).expect("a script");
        let output = Command::new("php")
            .args(["-d", "display_errors=stderr"])
            .arg(&file)
            .env("LOA_SITE", self.url())
            .env("LOA_PERMALINKS", self.permalinks)
            .output()
            .expect("PHP runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{code}\n{said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// A new application password of the account `loa`; earlier ones are revoked.
    pub(crate) fn new_password(&self) -> String {
        self.revoke();
        self.php(
            "$id = get_user_by('login', 'loa')->ID;
             echo WP_Application_Passwords::create_new_application_password($id, ['name' => 'loa'])[0];",
        )
    }

    /// Revokes every application password of the account `loa`.
    pub(crate) fn revoke(&self) {
        self.php("WP_Application_Passwords::delete_all_application_passwords(get_user_by('login', 'loa')->ID);");
    }

    /// What the public sees: title and content of every published post.
    pub(crate) fn public(&self) -> Vec<String> {
        let printed = self.php(
            "foreach (get_posts(['post_status' => 'publish', 'numberposts' => -1, 'orderby' => 'ID', 'order' => 'ASC']) as $post) {
                 echo $post->post_title, \"\\n\", $post->post_content, \"\\0\";
             }",
        );
        printed.split_terminator('\0').map(str::to_owned).collect()
    }

    /// Number and status of every post, hidden ones too.
    pub(crate) fn all(&self) -> Vec<String> {
        let printed = self.php(
            "foreach (get_posts(['post_status' => ['publish', 'draft', 'private', 'pending', 'future', 'trash'],
                 'numberposts' => -1, 'orderby' => 'ID', 'order' => 'ASC']) as $post) {
                 echo $post->post_title, ' ', $post->post_status, \"\\n\";
             }",
        );
        printed.lines().map(str::to_owned).collect()
    }
}

/// A database on a socket in `home`, and on no port.
fn database(home: &Path) -> Running {
    let data = home.join("db");
    // Root has to say that it means it.
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let as_root = is_root.then_some("--user=root");
    let made = Command::new("mariadb-install-db")
        .args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"])
        .args(as_root)
        .arg(format!("--datadir={}", data.display()))
        .output()
        .expect("mariadb-install-db runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let socket = home.join("db.sock");
    let log = std::fs::File::create(home.join("db.log")).expect("a log file");
    let mut command = Command::new("/usr/sbin/mariadbd");
    command
        .args(["--no-defaults", "--skip-networking", "--innodb-flush-log-at-trx-commit=0"])
        .args(as_root)
        .args(["--innodb-buffer-pool-size=32M", "--performance-schema=0"])
        .arg(format!("--datadir={}", data.display()))
        .arg(format!("--socket={}", socket.display()))
        .arg(format!("--pid-file={}", home.join("db.pid").display()))
        .stderr(log);
    let running = Running::start(&mut command);
    eventually("the database listens", || std::os::unix::net::UnixStream::connect(&socket).ok());
    running
}
