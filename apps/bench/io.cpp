#include "results.hpp"
#include "verbs.hpp"

#include <common/program.hpp>
#include <common/version.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>
#include <danaus/io/hdf5.hpp>

#include <hdf5.h>
#include <unistd.h>

#include <filesystem>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

/// A data set (sample, x, y) of floats that is written and read a few samples at a time, as a generator and a
/// training loop do.
struct Stream {
  size_t samples, points, rows;  ///< rows: samples in one piece
  std::vector<float> piece;      ///< the same values every time: the time does not depend on them

  Stream(size_t megabytes, size_t points_per_axis, size_t rows_per_piece)
      : points(points_per_axis), rows(rows_per_piece), piece(rows * points * points) {
    const size_t sample_bytes = points * points * sizeof(float);
    samples = std::max<size_t>(1, (megabytes << 20) / sample_bytes / rows) * rows;
    for (size_t q = 0; q < piece.size(); ++q) piece[q] = float(q % 1021) / 1021.0f;
  }
  double bytes() const { return double(samples * points * points * sizeof(float)); }
};

void write_ours(const fs::path& path, const Stream& stream) {
  io::Hdf5Writer writer(path);
  writer.header({.format = "danaus-bench", .created_by = created_by(), .command = command_line()});
  writer.create<float>("/u", {stream.samples, stream.points, stream.points});
  for (size_t first = 0; first < stream.samples; first += stream.rows)
    writer.write_rows("/u", first, stream.rows, stream.piece.data());
  writer.commit();
}

void read_ours(const fs::path& path, const Stream& stream, std::vector<float>& piece) {
  const io::Hdf5Reader reader(path);
  for (size_t first = 0; first < stream.samples; first += stream.rows)
    reader.read_slab("/u", {first, 0, 0}, {stream.rows, stream.points, stream.points}, piece.data());
}

/// An HDF5 identifier that closes itself. @throws IoError where HDF5 says no
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t), const fs::path& path) : id_(id), close_(close) {
    if (id < 0) throw IoError(path.string() + ": HDF5 cannot use the scratch file");
  }
  ~Handle() { close_(id_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

/// What a program without care writes: HDF5's own calls, one contiguous dataset.
template <class Transfer>
void for_each_piece(const Stream& stream, const fs::path& path, hid_t dataset, const Transfer& transfer) {
  const Handle space(H5Dget_space(dataset), H5Sclose, path);
  const hsize_t count[3] = {stream.rows, stream.points, stream.points};
  const Handle memory(H5Screate_simple(3, count, nullptr), H5Sclose, path);
  for (size_t first = 0; first < stream.samples; first += stream.rows) {
    const hsize_t start[3] = {first, 0, 0};
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, nullptr, count, nullptr) < 0 ||
        transfer(memory, space) < 0)
      throw IoError(path.string() + ": HDF5 cannot transfer samples of the scratch file");
  }
}

void write_plain(const fs::path& path, const Stream& stream) {
  const Handle file(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose, path);
  const hsize_t shape[3] = {stream.samples, stream.points, stream.points};
  const Handle space(H5Screate_simple(3, shape, nullptr), H5Sclose, path);
  const Handle dataset(H5Dcreate2(file, "/u", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                       H5Dclose, path);
  for_each_piece(stream, path, dataset, [&](hid_t memory, hid_t selected) {
    return H5Dwrite(dataset, H5T_NATIVE_FLOAT, memory, selected, H5P_DEFAULT, stream.piece.data());
  });
}

void read_plain(const fs::path& path, const Stream& stream, std::vector<float>& piece) {
  const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose, path);
  const Handle dataset(H5Dopen2(file, "/u", H5P_DEFAULT), H5Dclose, path);
  for_each_piece(stream, path, dataset, [&](hid_t memory, hid_t selected) {
    return H5Dread(dataset, H5T_NATIVE_FLOAT, memory, selected, H5P_DEFAULT, piece.data());
  });
}

/// A folder of our own inside the one named, removed with all it holds.
class ScratchFolder {
 public:
  explicit ScratchFolder(const fs::path& parent)
      : path_(parent / ("danaus-bench-" + std::to_string(getpid()))) {
    std::error_code error;
    if (!fs::create_directory(path_, error))
      throw IoError(path_.string() + ": cannot be created (" + (error ? error.message() : "it exists") +
                    "); --folder must be an existing folder one may write to");
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  fs::path file(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

Outcome run_io(const Options& options) {
  const Stream stream(options.size("megabytes"), options.size("resolution"), options.size("rows"));
  const fs::path parent =
      options.has("folder") ? fs::path(options.text("folder")) : fs::temp_directory_path();
  const ScratchFolder folder(parent);
  const auto ours = folder.file("ours.h5"), plain = folder.file("plain.h5");
  std::vector<float> piece(stream.piece.size());

  write_ours(ours, stream), write_plain(plain, stream);
  for (const bool is_ours : {true, false}) {
    std::fill(piece.begin(), piece.end(), 0.0f);
    is_ours ? read_ours(ours, stream, piece) : read_plain(plain, stream, piece);
    if (piece != stream.piece) throw InternalError("what was read is not what was written");
  }
  const Timing timing{.rounds = options.size("rounds"), .sample_seconds = 0};
  const auto writes =
      time_in_turn({{[&] { write_ours(ours, stream); }}, {[&] { write_plain(plain, stream); }}, {[&] {
                      write_plain(plain, stream);
                      io::flush_to_disk(plain);
                    }}},
                   timing);
  const auto reads = time_in_turn(
      {{[&] { read_ours(ours, stream, piece); }}, {[&] { read_plain(plain, stream, piece); }}}, timing);

  char size[80];
  std::snprintf(size, sizeof size, "%.0f MiB, %zu samples of %zu^2", stream.bytes() / (1 << 20),
                stream.samples, stream.points);
  const auto row = [&](const char* name, const char* rival, const std::vector<double>& our_seconds,
                       const std::vector<double>& rival_seconds) {
    Json json =
        compared_row({.name = name, .size = size, .rival = rival}, paired(our_seconds, rival_seconds), {});
    json["gigabytes_per_second"] = 1e-9 * stream.bytes() / json["ours_seconds"].get<double>();
    json["rival_gigabytes_per_second"] = 1e-9 * stream.bytes() / json["rival_seconds"].get<double>();
    return json;
  };
  return outcome_of(machine_json(), {row("HDF5 write: atomic, digest, flushed, verified",
                                         "plain HDF5, flushed to the disk", writes[0], writes[2]),
                                     row("HDF5 write: atomic, digest, flushed, verified",
                                         "plain HDF5, left to the system", writes[0], writes[1]),
                                     row("HDF5 read: digest verified", "plain HDF5", reads[0], reads[1])});
}

}  // namespace

Verb bench_io_verb() {
  Verb verb;
  verb.name = "io";
  verb.summary = "times our verified HDF5 files against plain HDF5";
  verb.options = {integer_option("megabytes", "256", 1, 1e6, "size of the data set").in("MiB"),
                  integer_option("resolution", "64", 1, 8192, "points per axis of a sample"),
                  integer_option("rows", "20", 1, 1e6, "samples written or read at a time"),
                  integer_option("rounds", "7", 3, 100000, "samples of each contestant"),
                  path_option("folder", "existing folder on the disk to be timed; scratch files are removed")
                      .note("the system's for temporary files"),
                  common_option("threads"),
                  common_option("json"),
                  common_option("quiet"),
                  common_option("help")};
  verb.examples = {"danaus-bench io --folder /data --json"};
  verb.run = run_io;
  return verb;
}

}  // namespace danaus::app
