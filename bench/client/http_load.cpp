/// bench-http-load HOST PORT CONNECTIONS SECONDS REFUSE FILE…: sends the same requests again and again over so many
/// connections that are kept alive, one request at a time on each, and prints {"requests":N,"seconds":S,"p50_ms":…,
/// "p99_ms":…}. Each FILE is a whole request; connection i sends those whose place modulo CONNECTIONS is i, in turn.
/// Ends with status 1 when an answer is not 200, or has the text REFUSE in it (unless that is empty).

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

class Connection {
 public:
  Connection(const char* host, int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect");
    }
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(std::string_view request) const {
    while (!request.empty()) {
      const auto sent = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("the connection was closed");
      request.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// One whole answer; valid until the next call.
  std::string_view receive() {
    answer_.clear();
    std::size_t head = std::string::npos;
    while ((head = answer_.find("\r\n\r\n")) == std::string::npos) more();
    head += 4;
    if (const auto length = header("\r\nContent-Length: ", head); !length.empty()) {
      std::size_t size = 0;
      std::from_chars(length.data(), length.data() + length.size(), size);
      while (answer_.size() < head + size) more();
    } else {  // chunked; no answer here has the end of a chunked body inside
      while (!answer_.ends_with("0\r\n\r\n")) more();
    }
    return answer_;
  }

 private:
  void more() {
    const auto got = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) throw std::runtime_error("the connection was closed");
    answer_.append(buffer_.data(), static_cast<std::size_t>(got));
  }
  [[nodiscard]] std::string_view header(std::string_view name, std::size_t head) const {
    const std::string_view headers = std::string_view(answer_).substr(0, head);
    const auto at = headers.find(name);
    if (at == std::string_view::npos) return {};
    const auto from = at + name.size();
    return headers.substr(from, headers.find('\r', from) - from);
  }

  int socket_;
  std::string answer_;
  std::array<char, 65536> buffer_{};
};

struct Load {
  std::vector<std::string> requests;
  std::vector<double> ms;
  std::string problem;
};

void run(Load& load, const char* host, int port, Clock::time_point end, std::string_view refuse) {
  try {
    Connection connection(host, port);
    for (std::size_t i = 0; Clock::now() < end; ++i) {
      const auto sent = Clock::now();
      connection.send(load.requests[i % load.requests.size()]);
      const std::string_view answer = connection.receive();
      load.ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - sent).count());
      if (answer.starts_with("HTTP/1.1 200") && (refuse.empty() || answer.find(refuse) == std::string_view::npos)) {
        continue;
      }
      load.problem = answer.substr(0, 2000);
      return;
    }
  } catch (const std::exception& error) {
    load.problem = error.what();
  }
}

std::string file(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
  const int connections = argc > 6 ? std::stoi(argv[3]) : 0;
  const int seconds = argc > 6 ? std::stoi(argv[4]) : 0;
  if (connections < 1 || seconds < 1 || argc - 6 < connections) {
    std::fputs("usage: bench-http-load HOST PORT CONNECTIONS SECONDS REFUSE FILE…  (a file for each connection)\n",
               stderr);
    return 2;
  }
  std::vector<Load> loads(static_cast<std::size_t>(connections));
  for (int i = 6; i < argc; ++i)
    loads[static_cast<std::size_t>((i - 6) % connections)].requests.push_back(file(argv[i]));
  const auto begin = Clock::now();
  const auto end = begin + std::chrono::seconds(seconds);
  std::vector<std::thread> threads;
  for (Load& load : loads) threads.emplace_back([&] { run(load, argv[1], std::stoi(argv[2]), end, argv[5]); });
  for (std::thread& thread : threads) thread.join();
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  std::vector<double> all;
  for (const Load& load : loads) {
    if (!load.problem.empty()) {
      std::fprintf(stderr, "bench-http-load: %s\n", load.problem.c_str());
      return 1;
    }
    all.insert(all.end(), load.ms.begin(), load.ms.end());
  }
  std::ranges::sort(all);
  const auto percentile = [&](double part) {
    return all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
  };
  std::printf(R"({"requests":%zu,"seconds":%.3f,"p50_ms":%.3f,"p99_ms":%.3f})"
              "\n",
              all.size(), took, percentile(0.5), percentile(0.99));
  return 0;
}
