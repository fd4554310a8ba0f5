#pragma once

#include <danaus/io/hdf5_writer.hpp>

#include <functional>
#include <memory>

namespace danaus::io {

/// One array of a PartialFile: (sample, row shape...).
struct PartialArray {
  std::string name;
  ScalarType type = ScalarType::f32;
  Extents row;
};

/// A file of ours that is filled sample by sample over hours and survives kill -9: `FILE.partial`, which
/// becomes FILE when it is complete.
///
///     PartialFile file("ns.h5", options_as_text, samples, {{"/a", f32, {64, 64}}, {"/u", f32, {64, 64,
///     20}}},
///                      [&](Hdf5Writer& writer) { writer.header(...); writer.write("/t", {20}, times); });
///     for (size_t first = file.samples_done(); first < samples; first += batch) {
///       ... file.write_rows("/a", first, batch, a); file.write_rows("/u", first, batch, u);
///       file.complete(first + batch);
///     }
///     file.finish();
///
/// The HDF5 structure is written once, with room for all samples; rows then go straight to their place, and
/// HDF5 has no part in it. complete() flushes them to the disk before it raises the counter in the user
/// block, which a single 512-byte write replaces:
///
///     0-7 "DANAUSPT"   8-15 samples done   16-31 digest of these samples   32-47 digest of bytes 0-31   then
///     zero
///
/// Samples are counted from the first without gaps; rows may be written in any order.
///
/// @throws UsageError if the partial file was begun with other options
/// @throws DataError if it is damaged, IoError if it cannot be written or another process is writing it
class PartialFile {
 public:
  /// Begins FILE.partial, or continues it.
  /// @param options  everything that determines the content, as text; a partial file begun with other text is
  /// refused
  /// @param describe  writes header, attributes and arrays that are not per sample; called only at the
  /// beginning
  PartialFile(const std::filesystem::path& target, const std::string& options, size_t samples,
              const std::vector<PartialArray>& arrays, const std::function<void(Hdf5Writer&)>& describe);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  /// FILE.partial
  static std::filesystem::path partial_path(const std::filesystem::path& target);

  size_t samples() const { return samples_; }
  /// The samples that need not be computed again.
  size_t samples_done() const { return done_; }

  template <class T>
  void write_rows(const std::string& name, size_t first, size_t count, const T* data);
  /// Every row of samples [0, samples) is written: remember it.
  void complete(size_t samples);
  /// Re-reads every sample, seals, renames FILE.partial to FILE.
  void finish();

 private:
  struct Array;
  struct Implementation;

  void begin(const std::function<void(Hdf5Writer&)>& describe, const std::vector<PartialArray>& arrays,
             const std::string& key);
  void locate(const std::vector<PartialArray>& arrays, const std::string& key);
  void resume();
  void write_block();
  void check_rows(size_t first, size_t last) const;

  std::filesystem::path target_, partial_;
  size_t samples_, done_ = 0;
  bool sealed_ = false;  // complete; only the renaming is left
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace danaus::io
