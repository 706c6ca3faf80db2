/* The least that can be started: cc -static -nostdlib */
void _start(void)
{
#if defined(__x86_64__)
    __asm__ volatile("xor %%edi, %%edi\n\tmov $60, %%eax\n\tsyscall" ::: "memory");
#else
    __asm__ volatile("mov x0, #0\n\tmov x8, #93\n\tsvc #0" ::: "memory");
#endif
    for (;;)
        ;
}
