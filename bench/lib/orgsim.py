"""The simulated org: starts duet-orgsim, and speaks to its control calls and its Bulk API."""

import http.client
import json
import time
import urllib.parse
import urllib.request

from process import Program, find_program

API = "/services/data/v62.0"
JOB_SECONDS = 600


class Orgsim:
    def __init__(self, arguments=()):
        self.program = Program([find_program("duet-orgsim"), *arguments])
        line = self.program.process.stdout.readline()
        if not line:
            self.program.process.wait(10)
            self.program.fail("did not start")
        self.ready = json.loads(line)
        self.http_url = self._url("http")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.stop()

    def _url(self, name):
        url = self.ready[name]
        return url if "://" in url else f"http://{url}"

    def connect(self):
        """A connection that is kept alive. One thread at a time."""
        parts = urllib.parse.urlsplit(self.http_url)
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=JOB_SECONDS)

    def call(self, method, path, body=None, connection=None):
        """A call of /orgsim/ or, with the org's access token, of the org. Its JSON answer."""
        own = connection is None
        connection = connection or self.connect()
        headers = {"Content-Type": "application/json"}
        if not path.startswith("/orgsim/"):
            headers["Authorization"] = f"Bearer {self.ready['access_token']}"
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        text = response.read()
        if own:
            connection.close()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: HTTP {response.status}: {text[:2000].decode(errors='replace')}")
        return json.loads(text) if text else None

    def settings(self, **values):
        self.call("POST", "/orgsim/settings", values)

    def generate(self, object_name, count, seed=1):
        self.call("POST", f"/orgsim/records/{object_name}", {"generate": count, "seed": seed})

    def status(self, connection=None):
        return self.call("GET", "/orgsim/status", connection=connection)

    def ids(self, object_name, limit):
        """Ids of records, by the query API."""
        found = []
        path = f"{API}/query?q=" + urllib.parse.quote(f"SELECT Id FROM {object_name} ORDER BY Id LIMIT {limit}")
        while path:
            page = self.call("GET", path)
            found += [record["Id"] for record in page["records"]]
            path = page.get("nextRecordsUrl")
        return found

    def count(self, object_name, field, value):
        """Living records with that value, as the oracle sees them."""
        with urllib.request.urlopen(f"{self.http_url}/orgsim/records/{object_name}") as answer:
            records = map(json.loads, answer)
            return sum(1 for record in records if record[field] == value and not record["IsDeleted"])

    def download(self, object_name, fields, path):
        """The object's CSV through the Bulk API, its header once, as a user would download it."""
        query = f"SELECT {','.join(fields)} FROM {object_name}"
        job = self.call("POST", f"{API}/jobs/query", {"operation": "query", "query": query})["id"]
        deadline = time.monotonic() + JOB_SECONDS
        while self.call("GET", f"{API}/jobs/query/{job}")["state"] != "JobComplete":
            if time.monotonic() > deadline:
                raise RuntimeError("the Bulk query did not end")
            time.sleep(0.05)
        connection = self.connect()
        locator = ""
        with open(path, "wb") as file:
            while locator != "null":
                suffix = f"?locator={urllib.parse.quote(locator)}" if locator else ""
                connection.request("GET", f"{API}/jobs/query/{job}/results{suffix}",
                                   headers={"Authorization": f"Bearer {self.ready['access_token']}"})
                response = connection.getresponse()
                if response.status != 200:
                    raise RuntimeError(f"results: HTTP {response.status}")
                if locator:
                    response.readline()  # every page repeats the header
                while piece := response.read(1 << 20):
                    file.write(piece)
                locator = response.headers["Sforce-Locator"]
        connection.close()
