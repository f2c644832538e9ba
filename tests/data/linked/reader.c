extern int shelf_first(void), shelf_second(void), own(void);
int PyInit_reader(void) { return shelf_first() + shelf_second() + own(); }
