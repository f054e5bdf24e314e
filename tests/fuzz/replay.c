/* Runs a fuzz target once over every file of a folder, as `./dev test` does with the corpora. */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	struct stat info;
	uint8_t *data;
	FILE *file;

	if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
		return 0;
	file = fopen(path, "rb");
	if (file == NULL)
		return 0;
	data = malloc((size_t)info.st_size + 1);
	if (data != NULL && fread(data, 1, (size_t)info.st_size, file) == (size_t)info.st_size)
		LLVMFuzzerTestOneInput(data, (size_t)info.st_size);
	free(data);
	fclose(file);
	return 1;
}

int main(int argc, char **argv)
{
	struct dirent *entry;
	int count = 0;
	DIR *folder;

	folder = argc == 2 ? opendir(argv[1]) : NULL;
	if (folder == NULL) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	while ((entry = readdir(folder)) != NULL) {
		char path[4096];

		snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
		count += replay(path);
	}
	closedir(folder);
	printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}
