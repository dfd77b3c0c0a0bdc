#include <csignal>
#include <cstdio>
#include <exception>

#include "orgsim/server/options.h"
#include "orgsim/server/org_server.h"

int main(int argc, char** argv) {
  constexpr int kCannotServe = 3;
  const auto options = orgsim::parse_options(argc, argv);
  if (!options) {
    std::fputs(options.error().text.c_str(), options.error().status == 0 ? stdout : stderr);
    return options.error().status;
  }
  // Blocked before any thread starts, so that only sigwait below sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    const orgsim::OrgServer server(*options);
    std::printf("%s\n", server.ready_line().c_str());
    std::fflush(stdout);
    int received = 0;
    sigwait(&signals, &received);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "duet-orgsim: %s\n", error.what());
    return kCannotServe;
  }
  return 0;
}
