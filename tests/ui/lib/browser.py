"""Chromium on the dashboard, as tests use it: pages that report every script error and every breach of the content security policy."""

import contextlib
import os
import shutil

from playwright.sync_api import expect, sync_playwright

WAIT_MS = 20_000
SIZES = {"desktop": {"width": 1400, "height": 900}, "phone": {"width": 390, "height": 844}}
AXE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "ui", "node_modules", "axe-core", "axe.min.js")

# Kept by the page itself, so that a breach is seen even where the console is not.
WATCH = """
window.breaches = [];
document.addEventListener('securitypolicyviolation', event => window.breaches.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


class Chromium:
    """One browser serves all tests of a run; each page has a context of its own. Starts when it is first needed."""

    def __init__(self):
        self._stack = contextlib.ExitStack()
        self._browser = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def browser(self):
        if self._browser is None:
            program = shutil.which("chromium") or shutil.which("google-chrome")
            if program is None:
                raise RuntimeError("no chromium found: apt-get install chromium (./dev test ui does it)")
            playwright = self._stack.enter_context(sync_playwright())
            # Root cannot have Chromium's sandbox; the pages are our own.
            arguments = ["--no-sandbox"] if os.getuid() == 0 else []
            self._browser = playwright.chromium.launch(executable_path=program, args=arguments)
            self._stack.callback(self._browser.close)
            expect.set_options(timeout=WAIT_MS)
        return self._browser


CHROMIUM = Chromium()


class Visitor:
    """A person at a browser of their own. Use as a context manager; at its end nothing may have gone wrong in the page."""

    def __init__(self, url, size="desktop", scheme="light", expected_errors=()):
        self.url = url
        self.problems = []
        self.expected_errors = expected_errors
        self.context = CHROMIUM.browser().new_context(viewport=SIZES[size], color_scheme=scheme, base_url=url, reduced_motion="reduce")
        self.context.set_default_timeout(WAIT_MS)
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        self.page.on("console", self._console)
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)

    def _console(self, message):
        # That nobody is signed in yet is asked of the server, which answers 401.
        asked = (message.location.get("url") or "").endswith("/api/v1/session")
        if message.type == "error" and not asked and not any(part in message.text for part in self.expected_errors):
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _dialog(self, dialog):
        self.problems.append(f"a dialog opened: {dialog.message}")
        dialog.dismiss()

    def _request(self, request):
        if not request.url.startswith(self.url + "/"):
            self.problems.append(f"a request left: {request.url}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.check()
        finally:
            self.context.close()

    def check(self):
        breaches = self.page.evaluate("window.breaches")
        assert not breaches, f"content security policy: {breaches}"
        assert not self.problems, "\n".join(self.problems)

    def goto(self, path):
        self.page.goto(path)

    def enter(self, user, password):
        """Signed in as the form does it, without the form."""
        answer = self.context.request.post(f"{self.url}/api/v1/session", data={"user": user, "password": password}, headers={"Origin": self.url})
        assert answer.ok, f"sign in: HTTP {answer.status}: {answer.text()}"
        self.goto("/")
        expect(self.page.get_by_role("navigation", name="Main").first).to_be_attached()
        return self

    def sign_in(self, user, password):
        """With the form."""
        self.goto("/")
        self.page.get_by_label("User").fill(user)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("navigation", name="Main").first).to_be_attached()
        return self

    def loaded(self):
        """Waits until nothing shows as loading."""
        expect(self.page.locator("[role=status][aria-label^=Loading]")).to_have_count(0)
        self.page.wait_for_timeout(150)

    def resize(self, size):
        """The open page in another size."""
        self.page.set_viewport_size(SIZES[size])
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def button(self, name, exact=False):
        return self.page.get_by_role("button", name=name, exact=exact)

    def axe(self):
        """What axe-core finds serious or critical, as texts."""
        if not self.page.evaluate("Boolean(window.axe)"):
            with open(AXE, encoding="utf-8") as file:
                self.page.evaluate(file.read() + "; null")
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [f"{each['id']} ({each['impact']}): {node['target']} {node['html'][:160]} {node['failureSummary'][:300]}"
                for each in found["violations"] if each["impact"] in ("serious", "critical") for node in each["nodes"]]
