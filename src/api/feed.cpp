#include "api/feed.h"

#include <chrono>
#include <condition_variable>
#include <deque>

#include <fmt/format.h>

namespace duet::api {
namespace {

constexpr auto kLookEvery = std::chrono::milliseconds(500);
constexpr std::size_t kMostListeners = 16;
constexpr std::size_t kMostWaiting = 1'000;

}  // namespace

class Feed::Listener final : public TextSource {
 public:
  std::optional<std::string> next(int wait_ms) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(wait_ms), [&] { return closed_ || !texts_.empty(); });
    if (closed_) return std::nullopt;
    std::string all;
    for (const std::string& text : texts_) all += text;
    texts_.clear();
    return all;
  }

  void put(const std::vector<std::string>& texts) {
    std::lock_guard lock(mutex_);
    if (texts_.size() + texts.size() > kMostWaiting) closed_ = true;
    if (!closed_) texts_.insert(texts_.end(), texts.begin(), texts.end());
    changed_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> texts_;
  bool closed_ = false;
};

std::string sse_event(const std::string& name, const std::string& data) {
  return fmt::format("event: {}\ndata: {}\n\n", name, data);
}

Feed::Feed(Look look) : look_(std::move(look)) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Feed::~Feed() = default;

std::vector<std::shared_ptr<Feed::Listener>> Feed::listeners() {
  std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [](const auto& each) { return each.expired(); });
  std::vector<std::shared_ptr<Listener>> living;
  for (const auto& each : listeners_) {
    if (auto listener = each.lock()) living.push_back(std::move(listener));
  }
  return living;
}

Result<std::shared_ptr<TextSource>> Feed::listen(const std::vector<std::string>& first) {
  if (listeners().size() >= kMostListeners)
    return fail(ErrorKind::store_down, "too many streams are open", {},
                "close a page, or ask the lists from time to time");
  auto listener = std::make_shared<Listener>();
  listener->put(first);
  std::lock_guard lock(mutex_);
  listeners_.push_back(listener);
  return std::shared_ptr<TextSource>(std::move(listener));
}

void Feed::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  while (!stop.stop_requested()) {
    if (const auto living = listeners(); !living.empty()) {
      const std::vector<std::string> texts = look_();
      if (!texts.empty()) {
        for (const auto& listener : living) listener->put(texts);
      }
    }
    std::unique_lock lock(mutex);
    changed.wait_for(lock, stop, kLookEvery, [] { return false; });
  }
}

}  // namespace duet::api
