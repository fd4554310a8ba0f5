#include <io/child_trial.hpp>

#include <danaus/core/error.hpp>

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>

namespace danaus::io {

namespace {

// A circle takes processor time, a slow disk does not.
constexpr int longest_work = 10;            // seconds of processor time
constexpr unsigned longest_silence = 1200;  // seconds

/// Writes all of the text, in the child: without exceptions, an interrupted write is tried again.
bool send(int pipe, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t n = ::write(pipe, text.data() + sent, text.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += std::size_t(n);
  }
  return true;
}

/// A damaged length can ask for any memory: the child may take some more than it has, and a multiple of the
/// file.
void limit_memory(const std::filesystem::path& path) {
  std::ifstream statistics("/proc/self/statm");
  std::uint64_t total = 0, resident = 0, shared = 0, text = 0, library = 0, data = 0;
  std::error_code error;
  const std::uint64_t file = std::filesystem::file_size(path, error);
  if (error || !(statistics >> total >> resident >> shared >> text >> library >> data)) return;
  const rlim_t most = data * std::uint64_t(::sysconf(_SC_PAGESIZE)) + (std::uint64_t(256) << 20) + 4 * file;
  const rlimit limit{most, most};
  ::setrlimit(RLIMIT_DATA, &limit);
}

std::string receive(int pipe) {
  std::string text, piece(1 << 16, '\0');
  for (;;) {
    const ssize_t n = ::read(pipe, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(piece, 0, std::size_t(n));
  }
}

}  // namespace

void allow_more_time() {
  const itimerval timer{{0, 0}, {longest_work, 0}};
  ::setitimer(ITIMER_PROF, &timer, nullptr);
  ::alarm(longest_silence);
}

std::string in_child(const std::filesystem::path& path, const std::function<std::string()>& work) {
  int pipe[2];
  if (::pipe(pipe) != 0)
    throw IoError(path.string() + ": no pipe to a child process: " + std::strerror(errno));
  const pid_t child = ::fork();
  if (child < 0) throw IoError(path.string() + ": no process to try the file in: " + std::strerror(errno));
  if (child == 0) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    for (int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM, SIGPROF}) std::signal(number, SIG_DFL);
    allow_more_time();
    limit_memory(path);
    int status = 0;
    std::string message;
    try {
      message = work();
    } catch (const std::exception& error) {
      message = error.what();
      status = 1;
    }
    ::_exit(send(pipe[1], message) ? status : 2);
  }
  ::close(pipe[1]);
  const std::string message = receive(pipe[0]);
  ::close(pipe[0]);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
    throw DataError(path.string() + ": damaged: HDF5 cannot read it");
  if (WEXITSTATUS(status) != 0) throw DataError(message);
  return message;
}

}  // namespace danaus::io
