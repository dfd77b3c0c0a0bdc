"""Who may do what: users, roles, sessions, tokens, CSRF, TLS, and the log of it all."""

import os
import ssl
import subprocess
import tempfile
import urllib.request

import wait
from mappings import ACCOUNT
from world import World

PASSWORD = "correct horse battery"


def add_user(world, name, role="viewer"):
    done = subprocess.run([world.duet.program_path, "user", "add", name, "--role", role, "--config", world.duet.config],
                          input=PASSWORD + "\n", capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


class Browser:
    """A session of the dashboard."""

    def __init__(self, world):
        self.world, self.cookie, self.csrf = world, None, None

    def call(self, method, path, body=None, **headers):
        sent = {"Origin": f"http://127.0.0.1:{self.world.duet.port}", **headers}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if self.csrf and "X-Duet-CSRF" not in sent:
            sent["X-Duet-CSRF"] = self.csrf
        return self.world.duet.call(method, path, body, token=None, headers={k: v for k, v in sent.items() if v is not None})

    def login(self, user, password=PASSWORD):
        status, answer, headers = self.call("POST", "/api/v1/session", {"user": user, "password": password})
        if status == 200:
            cookie = headers["Set-Cookie"]
            assert "HttpOnly" in cookie and "SameSite=Strict" in cookie, cookie
            self.cookie, self.csrf = cookie.split(";")[0], answer["csrf_token"]
        return status


def test_roles_sessions_and_csrf():
    with World(keys=("Account",)) as world:
        world.start(ACCOUNT)
        assert "duet user add" in world.duet.log_text()
        add_user(world, "ann", "admin")
        add_user(world, "vic")
        viewer, admin = Browser(world), Browser(world)
        assert viewer.call("GET", "/api/v1/session")[0] == 401
        assert viewer.login("vic", "wrong password") == 403
        assert (viewer.login("vic"), admin.login("ann")) == (200, 200)
        assert viewer.call("GET", "/api/v1/session")[1]["role"] == "viewer"
        assert viewer.call("GET", "/api/v1/issues")[0] == 200
        assert viewer.call("POST", "/api/v1/pause", {})[0] == 403
        assert viewer.call("GET", "/api/v1/users")[0] == 403
        assert admin.call("POST", "/api/v1/pause", {"outbound": True}, **{"X-Duet-CSRF": None})[0] == 403, "no CSRF token"
        assert admin.call("POST", "/api/v1/pause", {"outbound": True}, Origin="https://evil.example.com")[0] == 403
        assert admin.call("POST", "/api/v1/pause", {"outbound": True})[0] == 204
        wait.equal("paused", "outbound", lambda: world.duet.status()["paused"])
        assert admin.call("POST", "/api/v1/resume", {})[0] == 204

        assert admin.call("PATCH", "/api/v1/users/vic", {"role": "operator"})[0] == 200
        assert viewer.call("GET", "/api/v1/session")[0] == 401, "a change of role ends the sessions"
        assert viewer.login("vic") == 200 and viewer.call("POST", "/api/v1/pause", {})[0] == 204
        assert admin.call("PATCH", "/api/v1/users/ann", {"role": "viewer"})[0] == 409, "the last admin"
        assert admin.call("DELETE", "/api/v1/session")[0] == 204
        assert admin.call("GET", "/api/v1/issues")[0] == 401

        log = world.duet.api("/api/v1/audit")["entries"]
        assert {"user.add", "session.login", "pause", "user.change", "session.logout"} <= {entry["action"] for entry in log}, log
        assert any(entry["action"] == "session.login" and entry["outcome"] == "forbidden" for entry in log)
        assert PASSWORD not in str(log) and PASSWORD not in world.duet.log_text()
        assert world.duet.command("audit", "--verify").returncode == 0
        world.db.run("ALTER TABLE duet.audit DISABLE TRIGGER chain_audit; UPDATE duet.audit SET actor = 'nobody' WHERE id = 2")
        assert world.duet.command("audit", "--verify").returncode == 1, "a change by the table's owner shows"
        hashes = world.db.value("SELECT string_agg(password_hash, ' ') FROM duet.access_user")
        assert hashes.count("$argon2id$") == 2 and PASSWORD not in hashes


def test_guessing_is_slowed_down():
    with World(keys=("Account",)) as world:
        world.duet.start()
        add_user(world, "ann", "admin")
        browser = Browser(world)
        answers = [browser.login("ann", f"wrong password {n}") for n in range(6)]
        assert answers == [403] * 5 + [429], answers
        status, _, headers = browser.call("POST", "/api/v1/session", {"user": "ann", "password": PASSWORD})
        assert status == 429 and int(headers["Retry-After"]) >= 1, "also with the right one"
        wait.equal("the login", 200, lambda: browser.login("ann"))


def test_tokens_of_programs():
    with World(keys=("Account",)) as world:
        world.duet.start()
        made = world.duet.command_json("token", "add", "ci", "--role", "viewer")
        call = lambda token, method="GET", path="/api/v1/status": world.duet.call(method, path, token=token)[0]
        assert call(made["token"]) == 200
        assert call(made["token"], "POST", "/api/v1/pause") == 403
        assert call(made["token"][:-1] + ("1" if made["token"].endswith("0") else "0")) == 401
        assert made["token"] not in str(world.db.rows("SELECT t::text FROM duet.access_token t"))
        assert world.duet.command("token", "remove", str(made["id"])).returncode == 0
        assert call(made["token"]) == 401


def test_https():
    with World(keys=("Account",)) as world, tempfile.TemporaryDirectory() as folder:
        certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost", "-out", certificate, "-keyout", key], check=True, capture_output=True)
        with open(world.duet.config, encoding="utf-8") as file:
            text = file.read()
        with open(world.duet.config, "w", encoding="utf-8") as file:
            file.write(text.replace("[server]\n", f'[server]\ntls_certificate_file = "{certificate}"\ntls_key_file = "{key}"\n', 1))
        world.duet.launch()
        trust = ssl.create_default_context(cafile=certificate)

        def answers():
            world.duet.program.check()
            try:
                with urllib.request.urlopen(f"https://localhost:{world.duet.port}/healthz", context=trust, timeout=5) as response:
                    return response.headers["Strict-Transport-Security"]
            except OSError:
                return None

        assert "max-age" in wait.until("https answers", answers)
